"""Dubbing Pipeline: films in one language become films in another, on one's own machine."""

__version__ = "0.1.0"
