"""The service: one process that reads, judges, keeps, shows and tells."""
