"""The mail server: whether it answers, and accepts the user. No mail is sent."""

from __future__ import annotations

from collections.abc import Iterator
from smtplib import SMTPAuthenticationError, SMTPException

from django.conf import settings
from django.core.mail import get_connection

from seqrshop.mail_server import has_mail_server
from seqrshop.ops.doctor.finding import Finding, failed, ok, warning

TIMEOUT_SECONDS = 4.0
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def mail() -> Iterator[Finding]:
    """Connect and sign in as a mail would be sent, and close the connection."""
    if not has_mail_server():
        if settings.CASE_EMAILS:
            yield warning(
                "mail",
                "CASE_EMAILS is set and EMAIL_URL is not: nobody gets a mail about a case.",
                "Set EMAIL_URL to a mail server.",
            )
        else:
            yield ok("mail", "EMAIL_URL is not set: no mail is sent.")
        return
    if settings.EMAIL_BACKEND != SMTP:
        yield ok("mail", "Mails go to no mail server.")
        return
    host = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection = get_connection(timeout=TIMEOUT_SECONDS)
    try:
        connection.open()
    except SMTPAuthenticationError:
        yield failed("mail", f"{host} refuses the user of EMAIL_URL.", "Correct its password.")
    except (OSError, SMTPException) as error:
        yield failed(
            "mail",
            f"{host} does not accept the connection ({type(error).__name__}).",
            "Start the mail server, or correct EMAIL_URL. Mails wait until then, receipts to "
            "customers are refused.",
        )
    else:
        yield ok("mail", f"{host} accepts the connection.")
    finally:
        connection.close()
