"""The settings: one model, one loader."""
