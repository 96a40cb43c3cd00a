"""One story per rule of time and order, each named after its number: a log by hand, and the rows it must give."""
