"""Invoices: their transitions, and each call to SEQR that sends, queries or cancels one."""
