"""Closing a shop's day: its figures compared with SEQR's report, and signed off by a person."""
