"""Simulates SEQR and its phone app in a process of its own: python -m payments.sandbox.

It shares no code with the SEQR client that is tested against it: a common misreading would hide in
both.

A SOAP request enters through `soap_endpoint`. `soap` parses and validates it, `operations` applies
it to the records in `storage`, and `faults` may replace the response. `notifier` reports payments
to the shop. Tests drive the sandbox through `control`, customers through `phone`, developers
through `console`.
"""
