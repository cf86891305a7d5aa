"""The usual design's Celery application."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.usual_design.settings")

app = Celery("tests.bench.usual_design")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
