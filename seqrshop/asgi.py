"""The web process's entry point: `uvicorn seqrshop.asgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from seqrshop.startup import require_valid_settings, stop_without_traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

UVICORN_STARTUP_FAILURE = 3  # at any other exit code uvicorn starts the worker again, for ever

with stop_without_traceback(UVICORN_STARTUP_FAILURE):
    django = get_wsgi_application()
    require_valid_settings()

from seqrshop.serving.asgi_app import AsgiApp  # noqa: E402 - it imports models, which Django has loaded

application = AsgiApp(django)
