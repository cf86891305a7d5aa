"""The web process's entry point: `uvicorn seqrshop.asgi:application`."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler

from seqrshop.startup import require_valid_settings, stop_without_traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

UVICORN_STARTUP_FAILURE = 3  # at any other exit code uvicorn starts the worker again, for ever

with stop_without_traceback(UVICORN_STARTUP_FAILURE):
    django.setup()
    require_valid_settings()

from django.urls import get_resolver  # noqa: E402 - Django is set up

from seqrshop.serving.asgi_app import AsgiApp  # noqa: E402 - it imports models

_ = get_resolver().url_patterns  # loads all views now, not in the first request
application = AsgiApp(WSGIHandler())
