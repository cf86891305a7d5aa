"""Whether mails leave the shop."""

from django.conf import settings

TO_LOG = "django.core.mail.backends.console.EmailBackend"  # where a mail would be readable


def has_mail_server() -> bool:
    """Return whether the shop has a mail server, and not just the log."""
    return settings.EMAIL_BACKEND not in (None, "", TO_LOG)
