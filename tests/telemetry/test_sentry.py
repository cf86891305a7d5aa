"""An error reaches Sentry with its place in the code and its ids, and without a secret."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import sentry_sdk
from celery import shared_task
from django.test import Client

from payments.models import InvoiceStatus
from payments.polling import writer
from seqrshop.repeated_lines import MAX_LINES_PER_MINUTE
from seqrshop.storefront import notify
from seqrshop.telemetry import sentry
from tests.payments.polling.shard import FakeStatusClient, Shard, status
from tests.payments.steps import invoice_in
from tests.telemetry.receiver import Receiver

# None of them is in a source line, which events have.
PHONE = f"+4670{secrets.randbelow(10**7):07}"
TOKEN = secrets.token_urlsafe(24)
KEY = secrets.token_urlsafe(24)
PASSWORD = " ".join(secrets.token_hex(2) for _ in range(2))
SECRETS = (PHONE, PHONE[1:], TOKEN, KEY, PASSWORD)


@pytest.fixture
def project() -> Iterator[Receiver]:
    """A project at Sentry that this process reports its errors to."""
    root = logging.getLogger()
    before = list(root.handlers)
    with Receiver() as receiver:
        sentry.start(receiver.dsn, "1.2.3")
        yield receiver
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
        root.handlers[:] = before


def sent_event(project: Receiver) -> dict[str, Any]:
    """Return the only event that was sent."""
    sentry_sdk.flush()
    (event,) = project.events()
    return event


def assert_no_secret(project: Receiver) -> None:
    for secret in SECRETS:
        assert secret.encode() not in project.everything


def fail(**variables: str) -> NoReturn:
    """Raise an error whose message has the values of the variables."""
    password, session_token, msisdn = variables.values()
    raise ZeroDivisionError(f"{msisdn} with {session_token} and {password} at /notify/{KEY}")


@pytest.mark.django_db
def test_error_of_a_request_is_sent_without_what_the_request_brought(
    client: Client, project: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "invoice_notified", lambda _key: fail(a=PASSWORD, b=TOKEN, c=PHONE))
    client.raise_request_exception = False
    client.cookies["customer"] = TOKEN

    response = client.post(
        f"/notify/{KEY}?token={TOKEN}",
        {"password": PASSWORD, "phone": PHONE},
        headers={"authorization": f"Bearer {TOKEN}"},
    )

    event = sent_event(project)
    assert_no_secret(project)
    assert event["logger"] == "django.request"
    assert event["release"] == "seqrshop@1.2.3"
    assert event["tags"]["request_id"] == response["X-Request-ID"]
    (error,) = event["exception"]["values"]
    assert error["type"] == "ZeroDivisionError"
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "request" not in event


@shared_task
def failing_task(password: str, token: str, phone: str) -> None:
    """Fail with its arguments in the message."""
    fail(a=password, b=token, c=phone)


def test_error_of_a_task_is_sent_without_its_arguments(project: Receiver) -> None:
    failing_task.apply((PASSWORD, TOKEN, PHONE), headers={"request_id": "of-the-request"})

    event = sent_event(project)
    assert_no_secret(project)
    assert event["tags"]["request_id"] == "of-the-request"
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"


@pytest.mark.django_db(transaction=True)
def test_error_of_the_poller_is_sent_with_the_number_of_its_order(
    project: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)
    values = {"a": PASSWORD, "b": TOKEN, "c": PHONE}
    monkeypatch.setattr(writer, "apply_status", lambda *_arguments, **_options: fail(**values))
    shard = Shard(FakeStatusClient(lambda _key: status("CANCELED", 1)))

    shard.store.step()
    shard.poller.step()
    shard.poller.step()
    shard.store.step()

    event = sent_event(project)
    assert_no_secret(project)
    assert event["tags"]["order"] == invoice.order.number
    assert event["logentry"]["message"] == "invoice %s: the result could not be written"


def test_many_errors_of_one_place_are_not_all_sent(project: Receiver) -> None:
    logger = logging.getLogger("payments.anything")
    for number in range(MAX_LINES_PER_MINUTE + 20):
        logger.error("failure %s", number)
    sentry_sdk.flush()

    assert len(project.events()) <= MAX_LINES_PER_MINUTE


def test_warning_is_not_sent(project: Receiver) -> None:
    logging.getLogger("payments.anything").warning("invoice 7: SEQR is slow")
    sentry_sdk.flush()

    assert project.received == []
