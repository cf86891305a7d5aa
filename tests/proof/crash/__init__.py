"""The crash run: processes are killed at random under load, then the ledgers compared."""
