"""Money cases: what a person has to see about money, its guidance, its mail and its closing."""
