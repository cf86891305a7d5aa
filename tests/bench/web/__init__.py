"""`make bench-web`: measures the web tier beside the usual design and a bare page.

__main__.py           the command
measure.py            one site: journeys, single requests, CPU and statements
sites.py              the sites as processes: the shop, the usual design, a bare page
load_process.py       the load generator as a process
load.py               the load generator
journey.py            one customer
http_client.py        a kept-alive connection
statements.py         statements by process, from PostgreSQL's log
bare_settings.py      the bare page's settings
bare_urls.py          the bare page
profiling.py          where the CPU of a request in web goes
profiled_settings.py  the shop's settings, with profiling
results.py            the runs, and the targets
report.py             the tables of docs/performance.md
"""
