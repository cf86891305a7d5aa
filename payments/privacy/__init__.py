"""What is kept of a customer, for how long, and how it is erased."""
