"""The same shop as it is commonly written: plain Django views, Celery tasks with zeep, gunicorn.

It is a fair opponent. It uses the ORM with select_related and prefetch_related, connections that
stay open, one SOAP client per process, row locks where money moves, and no task for an invoice
while one waits. It leaves out what a small shop leaves out: the audit, rate limits, leases,
recovery, availability, streams. So it does less work for an order than the shop does.

settings.py   its settings, from the environment
models.py     products, customers, orders, invoices
views.py      session, order, status, notification, order page
tasks.py      sending, status queries each second, receipts
seqr.py       SEQR through zeep
urls.py       its addresses, the same as the shop's
celery.py     its Celery application
prepare.py    its tables and its menu
"""
