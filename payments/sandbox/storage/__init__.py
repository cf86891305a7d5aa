"""The records, the ledger over them, the state file and the call log."""
