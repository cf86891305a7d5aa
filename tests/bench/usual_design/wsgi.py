"""The usual design under gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from tests.bench.usual_design.celery import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.usual_design.settings")

application = get_wsgi_application()
app.set_default()  # the tasks that the views enqueue use its broker
