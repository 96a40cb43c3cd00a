"""The policy: rules over findings, incidents, schedules."""
