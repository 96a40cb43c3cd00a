"""Arrow IPC streams: records of many events, read column by column."""
