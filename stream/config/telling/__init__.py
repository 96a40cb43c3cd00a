"""What `driftline check` says of a configuration: in sentences, and in numbers. It begins with explain."""
