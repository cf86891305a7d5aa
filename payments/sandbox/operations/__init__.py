"""SEQR's operations, and what its customers do: scan codes, pay, show loyalty cards."""
