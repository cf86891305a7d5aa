"""The checks of the scripts that browsers run: their rules, and the types of what they pass."""
