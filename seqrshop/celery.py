"""The Celery application: `celery -A seqrshop worker`, `celery -A seqrshop beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

app = Celery("seqrshop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["payments"])
