"""The crash run: the whole shop under customers, killed at random, and its books compared."""
