"""Takings: what the receipts add up to by day, hour, VAT rate and product."""
