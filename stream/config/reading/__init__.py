"""From text to sections: document and trees, fields and scalars, models, environment."""
