"""Tools that know nothing of dubbing."""
