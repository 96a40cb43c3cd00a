"""By what events are told apart: fields, fields crossed, conditions, and the way from decoded columns to their rows."""
