"""The Celery application: `celery -A seqrshop worker`, `celery -A seqrshop beat`."""

import os

from celery import Celery
from celery.signals import import_modules
from django.conf import settings

from seqrshop.startup import require_valid_settings, stop_without_traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

app = Celery("seqrshop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["payments"])


@app.on_configure.connect
def load_settings(**_arguments: object) -> None:
    """Load Django's settings, and exit with one sentence where one is wrong."""
    with stop_without_traceback():
        settings.INSTALLED_APPS  # noqa: B018 - the first access loads them


@import_modules.connect(sender=app)
def check_settings(**_arguments: object) -> None:
    """Check the settings of a worker or beat, after Celery's own receiver has set up Django."""
    with stop_without_traceback():
        require_valid_settings()
