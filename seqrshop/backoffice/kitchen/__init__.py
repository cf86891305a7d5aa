"""The kitchen board: the paid orders of a shop as large cards, which several screens share.

pages.py     the pages
requests.py  the requests of their script
board.py     reads a shop's board from the database
changes.py   finds the boards that have changed
stream.py    one screen's stream, and how a view accepts it
broker.py    the streams of a process, and the loops that feed them
access.py    whether a screen's person may still read the board
"""
