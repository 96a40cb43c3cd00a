"""What single values cannot show; checks asks each of the others, which belong to one subject."""
