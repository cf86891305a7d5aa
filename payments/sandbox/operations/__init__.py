"""SEQR's operations, and what its customers do: scan codes, pay, hold loyalty cards."""
