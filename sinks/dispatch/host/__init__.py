"""What hosts the dispatcher: Faust, which brings it the triggers, and DuckDB, which remembers what became of them."""
