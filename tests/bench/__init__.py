"""`make bench`: measures the poller against a naive design and against libcurl's limit.

run.py                the command
rows.py               the measurements, and how often each is made
measure.py            one measurement: warm up, count, add up
designs.py            the three designs, as processes
naive.py              one of them: a task for each invoice and second
bare.py               another: queries alone, the limit
failover.py           a poller is killed
tap.py                from an order to the app
heartbeat.py          of a poller that does not run
streams.py            a thousand event streams of one web process
stream_reader.py      reads them
stream_report.py      their table
fake_seqr.py          a SEQR fast enough not to affect what is measured
fake_responses.py     its responses
fake_seqr_process.py  it as a process
shop.py               the rows in the database
launch.py             processes, each on its cores
machine.py            cores, CPU time, memory, versions
report.py             the tables
targets.py            the targets
verdicts.py           rows of a table of targets
page.py               the marks and the tables of docs/performance.md
stats.py              medians and percentiles

web/ and usual_design/ belong to `make bench-web`.
"""
