"""The configuration: tables of mistakes, laws of reading, and the documentation held to its word."""
