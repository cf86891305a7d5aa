"""The URLs in an invoice: for SEQR's notification, and for the browser's return."""

from django.conf import settings
from django.urls import reverse


def notification_url(notify_key: str) -> str:
    """Return the URL that SEQR notifies of a payment, under PUBLIC_BASE_URL."""
    return _public_url("notify", secret=notify_key)


def back_url(return_key: str) -> str:
    """Return the URL that a browser returns to after the payment, under PUBLIC_BASE_URL."""
    return _public_url("return_page", return_key=return_key)


def _public_url(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}{reverse(name, kwargs=parts)}"
