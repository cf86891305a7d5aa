"""A customer's whole half hour, walked through in Chromium: each page, size and language."""
