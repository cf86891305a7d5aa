"""The first page: whether payments work, what waits, and what was sold."""
