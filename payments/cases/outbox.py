"""The outbox: sends each mail once, as far as the mail server confirms it."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from orders.clock import database_now
from payments.cases.guidance import GUIDANCE
from payments.leases import LEASE
from payments.models import CaseKind, OutboxMail

logger = logging.getLogger(__name__)

MAIL_LEASE_DURATION = timedelta(minutes=5)  # longer than a mail server may take
MAIL_BATCH_SIZE = 50


def send_mails() -> int:
    """Send the waiting mails; return the number of mails sent."""
    sent = 0
    for _ in range(MAIL_BATCH_SIZE):
        mail = _take_next()
        if mail is None:
            break
        try:
            _message(mail).send()
        except (OSError, SMTPException) as error:  # sent again after the lease
            logger.warning("mail %s could not be sent: %s", mail.pk, type(error).__name__)
            continue
        OutboxMail.objects.filter(pk=mail.pk).update(sent_at=database_now())
        sent += 1
    return sent


@transaction.atomic
def _take_next() -> OutboxMail | None:
    now = database_now()
    waiting = OutboxMail.objects.filter(LEASE.lapsed_at(now), sent_at=None)
    mail = waiting.select_for_update(skip_locked=True, no_key=True).order_by("id").first()
    if mail is not None:
        mail.lease_until = now + MAIL_LEASE_DURATION
        mail.save(update_fields=["lease_until"])
    return mail


def _message(mail: OutboxMail) -> EmailMessage:
    case = mail.case
    page = f"{settings.PUBLIC_BASE_URL}{reverse('admin:payments_moneycase_change', args=[case.pk])}"
    order = f" of order {case.order.number}" if case.order else ""
    return EmailMessage(
        subject=f"Case {case.pk}{order}: {case.get_kind_display()}",
        body=f"{case.summary.rstrip('.')}.\n\n{GUIDANCE[CaseKind(case.kind)]}\n\n{page}\n",
        to=[mail.recipient],
        # The same for each attempt, so that mail programs show a mail sent twice as one.
        headers={"Message-ID": f"<case-{case.pk}-mail-{mail.pk}@seqrshop>"},
    )
