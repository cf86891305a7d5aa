"""SEQR gives one answer for ever: each status of an invoice with each status and code of SEQR's.

answers.py   the answers, and the server that gives one of them to every call
invoices.py  an invoice in each of the shop's statuses
drive.py     lets a day pass, and lets staff follow the guidance of the open cases
expected.py  the expected outcomes
table.py     writes the grid: python -m tests.proof.endless.table
"""
