"""The control API: JSON over HTTP for tests to play the customer and advance the clock."""
