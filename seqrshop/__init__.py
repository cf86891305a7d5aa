from seqrshop.telemetry import opentelemetry_import

opentelemetry_import.prevent()  # before Celery imports redis-py

from seqrshop.celery import app as celery_app  # noqa: E402

__all__ = ["__version__", "celery_app"]
__version__ = "0.1.0"  # pyproject.toml, /health and the admin read it here
