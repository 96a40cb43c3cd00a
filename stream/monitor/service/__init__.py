"""A service's own quality: how fast, how reliable, how much asked (serving); what is usual for it; as rows: served."""
