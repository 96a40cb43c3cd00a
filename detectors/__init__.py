"""The arithmetic of drift: arrays in, arrays out."""
