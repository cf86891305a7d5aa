"""The customer's phone: lock screen, wallet, payment page, history and receipts."""
