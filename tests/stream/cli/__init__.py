"""The commands, called in this process: what they print, and the exit code that a shell sees."""
