"""POST orders/<id>/pay and orders/<id>/cancel."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import CustomerSession, Order
from payments import call_places, recovery
from payments.invoices.send import send_invoice
from payments.models import Invoice, InvoiceStatus
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

# --- Retrying a payment --------------------------------------------------------------------------


@pytest.mark.parametrize("trait", ["canceled", "failed", "expired"])
def test_unpaid_final_order_can_be_retried(
    customer: JsonClient, customer_session: CustomerSession, trait: str
) -> None:
    invoice = invoice_of(customer_session, trait)

    response = customer.send(path_of(invoice, "/pay"))

    assert response.status_code == 200
    assert response.json()["state"] == "created"
    assert response.json()["invoice_reference"] is None
    assert list(invoice.order.invoices.values_list("attempt", flat=True)) == [2, 1]


@pytest.mark.parametrize("trait", [None, "sending", "issued", "cancel_pending", "paid"])
def test_open_or_paid_order_cannot_be_retried(
    customer: JsonClient, customer_session: CustomerSession, trait: str | None
) -> None:
    invoice = invoice_of(customer_session, trait)

    response = customer.send(path_of(invoice, "/pay"))

    assert response.status_code == 409
    assert response.json()["error"] == "not_payable"
    assert response.json()["order"]["id"] == str(invoice.order.public_id)
    assert Invoice.objects.count() == 1


def test_retry_is_rejected_while_another_order_is_open(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    canceled = invoice_of(customer_session, "canceled")
    issued = invoice_of(customer_session, "issued")

    response = customer.send(path_of(canceled, "/pay"))

    assert response.status_code == 409
    assert response.json()["error"] == "order_open"
    assert response.json()["order"]["id"] == str(issued.order.public_id)


# --- Cancelling ----------------------------------------------------------------------------------


@pytest.fixture
def sent(sandbox: SandboxProcess, customer: JsonClient, two_buns: dict[str, Any]) -> Invoice:
    """An issued invoice."""
    customer.send("/lyktan/orders", two_buns)
    invoice = Invoice.objects.get()
    send_invoice(invoice.pk)
    invoice.refresh_from_db()
    return invoice


def test_cancel_is_final_once_seqr_confirms(
    customer: JsonClient, sent: Invoice, sandbox: SandboxProcess
) -> None:
    response = customer.send(path_of(sent, "/cancel"))

    assert (response.status_code, response.json()["state"]) == (200, "canceled")
    assert sandbox.invoice(str(sent.invoice_reference))["status"] == "CANCELED"


def test_second_cancel_returns_same_order(customer: JsonClient, sent: Invoice) -> None:
    first = customer.send(path_of(sent, "/cancel"))
    second = customer.send(path_of(sent, "/cancel"))

    assert first.json() == second.json()


def test_cancel_stays_pending_while_seqr_is_down(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    response = customer.send(path_of(invoice_of(customer_session, "issued"), "/cancel"))

    assert (response.status_code, response.json()["state"]) == (200, "cancel_pending")


def test_cancel_is_left_to_recovery_while_others_wait_for_seqr(
    customer: JsonClient, sent: Invoice, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen cancels while SEQR hung stopped the web process, its notifications too."""
    monkeypatch.setattr(call_places, "_places", call_places.CallPlaces(1))
    with call_places.place_for_call():
        response = customer.send(path_of(sent, "/cancel"))

    assert (response.status_code, response.json()["state"]) == (200, "cancel_pending")
    assert sandbox.calls("cancelInvoice") == []
    assert sent.pk in recovery.find_work().invoices_to_cancel


def test_paid_order_cannot_be_cancelled(
    customer: JsonClient, sent: Invoice, sandbox: SandboxProcess
) -> None:
    sandbox.register_shop("LYKTAN", "http://testserver/lyktan")
    token = sandbox.scan("HTTP://SEQR.SE/000/LYKTAN")["token"]
    sandbox.pay(str(sent.invoice_reference), token)

    response = customer.send(path_of(sent, "/cancel"))

    assert response.status_code == 409
    assert response.json()["error"] == "already_paid"
    assert response.json()["order"]["state"] == "paid"
    assert Invoice.objects.get().status == InvoiceStatus.PAID


def test_unsent_order_is_cancelled_at_once(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    response = customer.send(path_of(invoice_of(customer_session), "/cancel"))

    assert response.json()["state"] == "canceled"
    assert Order.objects.get().state == "canceled"
