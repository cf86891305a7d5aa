"""Faults on demand: which calls they strike, and what the shop receives instead."""
