"""Operations: what load balancers, monitors, Prometheus and operators read.

health.py             /health and /health/live
metrics.py            /metrics
metrics_collector.py  the metrics, in Prometheus's form
health_snapshot.py    queries for both
bounded_reads.py      reads of PostgreSQL and Redis that time out
doctor/               `manage.py doctor`
"""
