"""Loyalty cards: the shop's hook, the answer to SEQR and the discount on an invoice."""
