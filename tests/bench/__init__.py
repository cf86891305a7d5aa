"""`make bench`: how fast the poller is, beside a naive one and beside the limit.

run.py           the command
rows.py          what is measured, and how often
measure.py       one measurement: warm up, count for a while, add up
designs.py       the three that are compared, as processes
naive.py         one of them: a task for each invoice and second
bare.py          another: nothing but questions, the limit
trouble.py       a poller killed
tap.py           from an order to the app
streams.py       a thousand streams held by one web process
stream_reader.py who reads them
stream_report.py their table
fake_seqr.py     SEQR, quick enough to be no part of what is measured
fake_answers.py  what it says
seqr.py          it as a process
shop.py          the rows in the database
launch.py        processes, each on its cores
machine.py       cores, CPU time, memory, versions
report.py        the tables of docs/performance.md
targets.py       what is to be reached
spread.py        medians and percentiles
"""
