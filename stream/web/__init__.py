"""What people see: the API, the page, /metrics."""
