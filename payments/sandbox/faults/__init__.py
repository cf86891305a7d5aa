"""Faults and latency on demand: the calls they apply to, and the responses to them."""
