"""The poller: asks SEQR about each open invoice of a shard, once a second.

A loop per shard, under a lock in Redis. Without Redis it goes on, since two loops that ask about
the same invoice do no harm and an invoice that nobody asks about loses a payment. Without
PostgreSQL it goes on asking about the invoices it knows, and keeps the answers until it can write
them.

run.py       the loop and its two threads
asking.py    the conversation with SEQR, which waits for nothing
schedule.py  which invoice is due
window.py    how many calls at a time suit SEQR
desk.py      the database: what is open, what the answers change
lock.py      one loop a shard, where Redis can be reached
telling.py   what a shard tells of itself
figures.py   what is counted for that
"""

from payments.polling.heartbeat import read_heartbeats
from payments.polling.run import run_shard, stop_polling

__all__ = ["read_heartbeats", "run_shard", "stop_polling"]
