"""A minute of theatre: four models, days of their event time, planted changes, and the ordinary service watching."""
