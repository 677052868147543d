"""The dubbing itself; knows no job store, no queue, no HTTP."""
