"""`make test-anywhere`: fresh checkouts in places where a checkout often fails."""
