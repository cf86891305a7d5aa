"""The poller: queries SEQR for the status of each open invoice of a shard, once a second.

One loop runs per shard, under a lock in Redis. Without Redis the loop continues: two loops that
query the same invoice do no harm, and an invoice that nobody queries loses its payment. Without
PostgreSQL the loop keeps querying the invoices it knows, and keeps the results until they can be
written.

supervisor.py     runs a loop for each shard that no other process polls
run.py            the loop and its three threads
poller.py         sends queries to SEQR and collects results; never blocks
schedule.py       decides which invoice is due
repeats.py        repeats queries whose calls are stuck
concurrency.py    limits the calls in flight: the deadline first, then SEQR's comfort
capacity.py       names the setting that allows more calls in flight
store.py          reads open invoices, and lets the results be written
writer.py         writes results
database.py       runs the work of these two in the database
lock.py           one loop per shard, as long as Redis answers
shards.py         selects the invoices of a shard
heartbeat.py      publishes and reads what each shard does
liveness.py       detects stalled shards
stats.py          histograms and counters
status_checks.py  queries a single invoice at once, in the web process
"""

from payments.polling.heartbeat import read_heartbeats
from payments.polling.supervisor import run_shards

__all__ = ["read_heartbeats", "run_shards"]
