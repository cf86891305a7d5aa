"""What the sandbox remembers: records, the ledger over them, the state file, the call log."""
