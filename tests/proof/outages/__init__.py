"""Outages with real processes: how long invoices go unqueried, and how long recovery takes."""
