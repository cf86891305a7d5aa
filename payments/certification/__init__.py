"""Walks SEQR's certification step by step, and writes its evidence: `manage.py seqr_certify`.

start.py          starts a certification, or takes one up again
certify.py        runs the steps in order, from the first that has not passed
steps.py          the steps, and what SEQR requires of each
invoice_steps.py  the steps about invoices; money_steps.py those about payments and periods
session.py        the calls that the steps are made of
progress.py       what has been done and sent; state_file.py keeps it between runs
calls.py          the fields of each call that are kept
customer.py       who scans and pays: a person, or the sandbox
screen.py         what the terminal shows
live_terminal.py  what the shop itself has at the terminal
evidence.py       the evidence as JSON, with its digest; evidence_pdf.py as a PDF

The shop's own records know nothing of a certification: its invoices belong to no order.
"""
