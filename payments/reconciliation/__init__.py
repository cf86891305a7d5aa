"""Reconciliation: SEQR's transaction periods and reports, compared with the ledger."""
