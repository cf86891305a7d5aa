"""`make abuse`: attacks a running shop, and measures what an honest customer notices.

__main__.py           the command
running_shop.py       `make run` in a folder of its own, and what it uses
honest_customer.py    a customer at another address, as a process: times of all requests
attack.py             an attack as a process
connections.py        raw connections from an address: slow, half-sent, unread
floods.py             attacks that hold connections
requests.py           attacks that send whole requests
report.py             the tables of docs/abuse.md
"""
