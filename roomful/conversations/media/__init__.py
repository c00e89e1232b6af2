"""Media: where their bytes are, how they come and go over HTTP, and when they are swept."""
