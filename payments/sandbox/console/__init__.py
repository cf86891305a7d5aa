"""The developer console: faults, the clock, invoices, and calls as they arrive."""
