"""Adapters for one task each: recognise, translate, speak, find speech."""
