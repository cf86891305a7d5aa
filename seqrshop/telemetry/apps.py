"""Starts what a process reports of itself, once Django's settings are loaded."""

import logging
import threading

from django.apps import AppConfig
from django.conf import settings

from seqrshop.log_format import JSON
from seqrshop.telemetry import opentelemetry_import

logger = logging.getLogger(__name__)


class TelemetryConfig(AppConfig):
    """Loads each reporter only where its setting is given."""

    name = "seqrshop.telemetry"

    def ready(self) -> None:
        """Report errors and traces where the settings say so."""
        threading.excepthook = log_end_of_thread
        logging.captureWarnings(settings.LOG_FORMAT == JSON)  # else they are lines of plain text
        if settings.SENTRY_DSN:
            from seqrshop.telemetry import sentry  # noqa: PLC0415 - with its setting only

            sentry.start(settings.SENTRY_DSN, settings.VERSION)
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            opentelemetry_import.permit()
            from seqrshop.telemetry import otel  # noqa: PLC0415 - likewise

            otel.start(settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.VERSION)


def log_end_of_thread(end: threading.ExceptHookArgs) -> None:
    """Log the exception that has ended a thread, as any other error."""
    name = end.thread.name if end.thread else "?"
    error = end.exc_value
    if error is not None and not isinstance(error, SystemExit):
        logger.critical("thread %s has ended", name, exc_info=error)
