"""Mails a receipt to the address that its customer enters, and does not keep the address.

The address waits for the background worker in Redis, encrypted, under a key that ends by itself.
The Celery message has the key alone. What is remembered is that a receipt was sent to an address,
as a digest that only this shop can compute, for REMEMBERED_SECONDS.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from enum import StrEnum
from smtplib import SMTPException
from typing import TypeVar

from django.utils.crypto import salted_hmac
from redis import Redis

from orders.encryption import UnreadableSecret, decrypt, encrypt
from payments.receipts.document import content_of, stored_receipt
from payments.receipts.mail import send_receipt
from seqrshop.redis_client import REQUEST_TIMEOUT_SECONDS, breaker, redis_client
from seqrshop.redis_counters import count_all, slot_key

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEY_PREFIX = "seqrshop:receipt-mail"
MAIL_SECONDS = 120  # a mail that is not sent by then is not sent
REMEMBERED_SECONDS = 86_400
MAX_MAILS = 10  # of one receipt, in REMEMBERED_SECONDS


class MailState(StrEnum):
    """What is known of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class MailUnavailable(Exception):
    """No mail can be sent now: Redis is away."""


class TooManyMails(Exception):
    """The receipt was to be mailed MAX_MAILS times within a day."""


def prepare_mail(receipt_id: int, address: str) -> tuple[str, bool]:
    """Keep the address for the worker; return the mail's ID, and whether the worker is to send it.

    A receipt that is being sent to the address, or was within a day, keeps the ID of that mail.
    Raises MailUnavailable and TooManyMails.
    """
    counter = slot_key(f"{KEY_PREFIX}:count", receipt_id)
    if count_all([counter], [MAX_MAILS], REMEMBERED_SECONDS, otherwise="mails are not counted"):
        raise TooManyMails
    mail_id, once = secrets.token_urlsafe(16), _once_key(receipt_id, address)

    def prepare(client: Redis) -> str:
        if not client.set(once, mail_id, nx=True, ex=MAIL_SECONDS):
            earlier = client.get(once)
            return earlier.decode() if isinstance(earlier, bytes) else ""
        client.set(_key("address", mail_id), encrypt(address), ex=MAIL_SECONDS)
        client.set(_key("state", mail_id), MailState.WAITING.value, ex=MAIL_SECONDS)
        return mail_id

    found = _call(prepare, otherwise="a receipt is not mailed")
    if not found:
        raise MailUnavailable
    return found, found == mail_id


def state_of(mail_id: str) -> MailState:
    """Return what is known of a mail: one that nothing is known of any more has failed."""
    key = _key("state", mail_id)
    found = _call(lambda client: client.get(key), otherwise="a mail's state is not read")
    return MailState(found.decode()) if isinstance(found, bytes) else MailState.FAILED


def send_mail(receipt_id: int, mail_id: str) -> None:
    """Send a prepared mail once, and record the outcome; do nothing after MAIL_SECONDS."""
    key = _key("address", mail_id)
    ciphertext = _call(lambda client: client.getdel(key), otherwise="a receipt is not mailed")
    if not isinstance(ciphertext, bytes):
        return
    once = ""
    try:
        address = decrypt(ciphertext.decode())
        once = _once_key(receipt_id, address)
        send_receipt(content_of(stored_receipt(receipt_id)), address)
    except (OSError, SMTPException, UnreadableSecret, ValueError) as error:
        # Not its text, which may have the address.
        logger.warning("receipt %s could not be mailed: %s", receipt_id, type(error).__name__)
        _record(mail_id, MailState.FAILED, once)
    else:
        _record(mail_id, MailState.SENT, once)


def _record(mail_id: str, state: MailState, once: str) -> None:
    """Record an outcome; after a failure, the customer may ask for the same mail again."""

    def record(client: Redis) -> None:
        client.set(_key("state", mail_id), state.value, ex=REMEMBERED_SECONDS)
        if state == MailState.SENT:
            client.expire(once, REMEMBERED_SECONDS)
        elif once:
            client.delete(once)

    _call(record, otherwise="a mail's state is not recorded")


def _call(command: Callable[[Redis], T], *, otherwise: str) -> T | None:
    client = redis_client(REQUEST_TIMEOUT_SECONDS)
    return breaker.call(lambda: command(client), otherwise=otherwise)


def _key(kind: str, mail_id: str) -> str:
    return f"{KEY_PREFIX}:{kind}:{mail_id}"


def _once_key(receipt_id: int, address: str) -> str:
    """Return the key of a receipt and an address, which only this shop can compute."""
    digest = salted_hmac(KEY_PREFIX, f"{receipt_id} {address.lower()}").hexdigest()
    return _key("once", digest)
