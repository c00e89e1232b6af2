"""The chat application's own database: accounts, sessions, and the rooms offered to people."""
