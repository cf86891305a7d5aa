"""The Celery tasks of the storefront."""

from threading import BoundedSemaphore

from celery import shared_task

from payments.tasks import enqueue
from seqrshop.storefront.receipt_mail import MAIL_SECONDS, send_mail

MAILS_AT_ONCE = 4  # of a background process's 16 threads: a mail server may hang
BUSY_PAUSE_SECONDS = 2

_places = BoundedSemaphore(MAILS_AT_ONCE)


@shared_task
def mail_receipt(receipt_id: int, mail_id: str) -> None:
    """Mail a receipt, or put it off while MAILS_AT_ONCE threads wait for the mail server."""
    if not _places.acquire(blocking=False):
        enqueue(
            mail_receipt, receipt_id, mail_id, countdown=BUSY_PAUSE_SECONDS, expires=MAIL_SECONDS
        )
        return
    try:
        send_mail(receipt_id, mail_id)
    finally:
        _places.release()
