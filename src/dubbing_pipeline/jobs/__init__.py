"""The job store: SQLite is the truth about every job; nothing here knows Redis or HTTP."""
