"""What keeps an installation well: its doctor, and later its releases and backups."""
