"""The dispatcher as a process: triggers from Kafka to targets, outcomes back."""
