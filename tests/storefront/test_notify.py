"""SEQR's payment notification."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, InvoiceStatus
from payments.polling.status_checks import checks_in_flight
from tests.factories import InvoiceFactory
from tests.payments.steps import call_count, issued_invoice, order_state, reference, reloaded
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Record the status checks that are started."""
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "seqrshop.storefront.notify.check_status_soon", lambda *args: started.append(args)
    )
    return started


def path_of(invoice: Invoice) -> str:
    return f"/notify/{invoice.notify_key}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"", "text/xml"),
        (b"status=CANCELED", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b"\xff" * 200_000, "multipart/form-data; boundary=x"),
    ],
)
def test_notification_starts_status_check_whatever_its_body(
    checks: list[tuple[Any, ...]], body: bytes, content_type: str
) -> None:
    invoice = InvoiceFactory.create(issued=True)

    response = Client(enforce_csrf_checks=True).post(path_of(invoice), body, content_type)

    assert (response.status_code, response.content) == (200, b"")
    assert checks == [(invoice.pk, ChangeSource(SourceName.NOTIFICATION))]
    assert reloaded(invoice).notified_at is not None
    assert reloaded(invoice).status == InvoiceStatus.ISSUED


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["x", "-", "a" * 32, "1"])
def test_guessed_notification_address_is_not_found(
    secret: str, checks: list[tuple[Any, ...]]
) -> None:
    InvoiceFactory.create(issued=True)

    assert Client().post(f"/notify/{secret}").status_code == 404
    assert checks == []


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_notification_must_be_a_post(method: str, checks: list[tuple[Any, ...]]) -> None:
    invoice = InvoiceFactory.create(issued=True)

    assert getattr(Client(), method)(path_of(invoice)).status_code == 405
    assert checks == []


@pytest.mark.django_db
def test_notifications_are_never_rate_limited(checks: list[tuple[Any, ...]]) -> None:
    invoice = InvoiceFactory.create(issued=True)

    codes = {Client().post(path_of(invoice)).status_code for _ in range(50)}

    assert codes == {200}


@pytest.mark.django_db(transaction=True)
def test_notification_alone_confirms_payment(
    sandbox: SandboxProcess, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    invoice = issued_invoice()
    sandbox.register_shop("CAFE", "http://testserver/cafe")
    token = sandbox.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    sandbox.pay(reference(invoice), token)

    Client().post(path_of(invoice))

    eventually(lambda: order_state(invoice) == "paid")
    assert reloaded(invoice).ers_reference


@pytest.mark.django_db(transaction=True)
def test_forged_notification_confirms_nothing(
    sandbox: SandboxProcess, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    invoice = issued_invoice()

    Client().post(path_of(invoice), {"status": "PAID", "ersReference": "1"})

    eventually(lambda: bool(sandbox.calls("getPaymentStatus")))
    time.sleep(0.1)
    assert order_state(invoice) == "awaiting_payment"


@pytest.mark.django_db(transaction=True)
def test_notification_before_reference_is_stored_is_kept(
    sandbox: SandboxProcess,
) -> None:
    invoice = InvoiceFactory.create(sending=True)

    assert Client().post(path_of(invoice)).status_code == 200
    assert reloaded(invoice).notified_at is not None


@pytest.mark.django_db(transaction=True)
def test_thousand_notifications_make_few_calls_and_no_events(
    sandbox: SandboxProcess, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    invoice = issued_invoice()
    refresh_invoice(invoice.pk, ChangeSource(SourceName.POLLER))
    events_before, calls_before = (
        AuditEvent.objects.count(),
        call_count(sandbox, "getPaymentStatus"),
    )
    client, started = Client(), time.monotonic()

    codes = {client.post(path_of(invoice)).status_code for _ in range(1000)}

    seconds = time.monotonic() - started
    eventually(lambda: checks_in_flight() == 0)
    assert codes == {200}
    assert 2 <= call_count(sandbox, "getPaymentStatus") - calls_before <= seconds + 2
    assert AuditEvent.objects.count() == events_before
