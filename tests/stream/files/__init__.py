"""Files, as references and as logs."""
