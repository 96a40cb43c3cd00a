"""Laws, tables, stories."""
