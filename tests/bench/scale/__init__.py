"""Measures the shop with a large database behind it: `make bench-scale`."""
