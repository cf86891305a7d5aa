"""The menu of a shop as a table: written to files, read from them, compared, and applied."""
