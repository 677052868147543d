"""Everything that touches a media or subtitle file."""
