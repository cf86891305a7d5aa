"""Money cases: opened, explained and mailed to a person, and closed with a reason."""
