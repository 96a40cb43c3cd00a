"""What the service decides without a broker: idleness, retries, outboxes, what is shown."""
