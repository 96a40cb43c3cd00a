"""What labels have taught: of a model (truth), of its scores (calibrated), of its inputs (labelled, weighting)."""
