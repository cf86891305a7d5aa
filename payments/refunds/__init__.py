"""Refunds: request, approve, send and resolve."""
