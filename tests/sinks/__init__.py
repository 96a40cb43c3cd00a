"""What must hold of everything that keeps, shows and tells."""
