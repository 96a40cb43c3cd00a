"""Several series at once: changes that no single feature shows, and which features made them."""
