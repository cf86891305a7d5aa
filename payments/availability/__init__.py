"""Availability: whether payments can be taken now, and the probe that ends a pause."""
