"""The control API: JSON over HTTP that lets a test play the customer and move the clock."""
