"""Bring every take to its planned length: by the voice itself where it can, else by stretching."""
