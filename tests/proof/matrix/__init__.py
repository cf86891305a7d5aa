"""The fault matrix: each operation of SEQR's beside each fault, and what the shop makes of it.

Each test strikes one operation with one fault, in a real sandbox or on the way to it, and then lets
life go on. What is expected is an outcome: a function, whose docstring stands in docs/proof.md and
whose assertions hold it to that.

faults.py    what goes wrong
door.py      the way to SEQR, for what no server can do
world.py     strikes, mends, and lets time pass
outcomes.py  which outcome each fault has
table.py     writes the tables: python -m tests.proof.matrix.table
"""
