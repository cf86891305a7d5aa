"""A rolling restart of every process under load, measured at the sandbox and at the customers."""
