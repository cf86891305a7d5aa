"""`manage.py doctor`: whether everything that the shop needs works, and what to do where not.

finding.py        one line of the result
check.py          a check with its time limit; runs all of them at once
catalogue.py      the checks, of the whole shop or of one process
report.py         the result as text and as JSON
http_requests.py  requests over HTTP, whose errors are sentences
database.py       PostgreSQL: reachable, migrated, its roles, its state
broker.py         Redis and the queues
processes.py      web, workers and Beat
poller.py         the poller's shards
clocks.py         differences between clocks
certificates.py   the days until a certificate expires
public.py         PUBLIC_BASE_URL: the page, its certificate, static files, streams
seqr.py           SEQR's addresses, and the credentials of terminals and resellers
mail.py           the mail server
disk.py           free disk space
"""
