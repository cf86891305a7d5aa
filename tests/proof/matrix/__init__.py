"""The fault matrix: each operation of SEQR's with each fault, and how the shop recovers.

Each test injects one fault into one operation, in a real sandbox or in a proxy before it, and then
clears it. The expected result is an outcome: a function that asserts it, whose docstring is printed
in docs/proof.md.

faults.py    the faults
scenario.py  injects and clears the fault, and lets time pass
outcomes.py  maps each fault to its outcome
table.py     writes the tables: python -m tests.proof.matrix.table
"""
