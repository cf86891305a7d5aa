"""Receipts: their content, HTML and PDF, and their submission to SEQR."""
