"""The chat application's own database: accounts, sessions, the rooms offered to people, and daily chores."""
