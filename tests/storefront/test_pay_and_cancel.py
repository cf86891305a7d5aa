"""POST orders/<id>/pay and POST orders/<id>/cancel."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import CustomerSession, Order
from payments.invoices.send import send_invoice
from payments.models import Invoice, InvoiceStatus
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

# --- Paying again --------------------------------------------------------------------------------


@pytest.mark.parametrize("trait", ["canceled", "failed", "expired"])
def test_an_order_that_came_to_nothing_can_be_paid_again(
    customer: JsonClient, visit: CustomerSession, trait: str
) -> None:
    invoice = invoice_of(visit, trait)

    response = customer.send(path_of(invoice, "/pay"))

    assert response.status_code == 200
    assert response.json()["state"] == "created"
    assert response.json()["invoice_reference"] is None
    assert list(invoice.order.invoices.values_list("attempt", flat=True)) == [2, 1]


@pytest.mark.parametrize("trait", [None, "sending", "issued", "cancel_pending", "paid"])
def test_what_is_not_dead_is_not_paid_again(
    customer: JsonClient, visit: CustomerSession, trait: str | None
) -> None:
    invoice = invoice_of(visit, trait)

    response = customer.send(path_of(invoice, "/pay"))

    assert response.status_code == 409
    assert response.json()["error"] == "not_payable"
    assert response.json()["order"]["id"] == str(invoice.order.public_id)
    assert Invoice.objects.count() == 1


def test_while_another_order_is_open_none_is_paid_again(
    customer: JsonClient, visit: CustomerSession
) -> None:
    dead, live = invoice_of(visit, "canceled"), invoice_of(visit, "issued")

    response = customer.send(path_of(dead, "/pay"))

    assert response.status_code == 409
    assert response.json()["error"] == "order_open"
    assert response.json()["order"]["id"] == str(live.order.public_id)


# --- Cancelling ----------------------------------------------------------------------------------


@pytest.fixture
def sent(sandbox: SandboxProcess, customer: JsonClient, two_buns: dict[str, Any]) -> Invoice:
    """An invoice that SEQR knows."""
    customer.send("/lyktan/orders", two_buns)
    invoice = Invoice.objects.get()
    send_invoice(invoice.pk)
    invoice.refresh_from_db()
    return invoice


def test_cancelling_is_done_when_seqr_says_so(
    customer: JsonClient, sent: Invoice, sandbox: SandboxProcess
) -> None:
    response = customer.send(path_of(sent, "/cancel"))

    assert (response.status_code, response.json()["state"]) == (200, "canceled")
    assert sandbox.invoice(str(sent.invoice_reference))["status"] == "CANCELED"


def test_cancelling_twice_is_cancelling_once(customer: JsonClient, sent: Invoice) -> None:
    first = customer.send(path_of(sent, "/cancel"))
    second = customer.send(path_of(sent, "/cancel"))

    assert first.json() == second.json()


def test_cancelling_while_seqr_is_down_stays_wanted(
    customer: JsonClient, visit: CustomerSession
) -> None:
    response = customer.send(path_of(invoice_of(visit, "issued"), "/cancel"))

    assert (response.status_code, response.json()["state"]) == (200, "cancel_pending")


def test_what_is_paid_is_not_cancelled(
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


def test_an_order_that_was_never_sent_is_cancelled_at_once(
    customer: JsonClient, visit: CustomerSession
) -> None:
    response = customer.send(path_of(invoice_of(visit), "/cancel"))

    assert response.json()["state"] == "canceled"
    assert Order.objects.get().state == "canceled"
