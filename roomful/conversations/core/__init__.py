"""The rules of the Conversations service: plain synchronous functions over a unit of work, with no I/O (law 2)."""
