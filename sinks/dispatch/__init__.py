"""The dispatcher: triggers in, retraining runs out."""
