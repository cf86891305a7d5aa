"""Customer pages and API during a payment pause."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import CustomerSession, Order, Shop
from payments.invoices.send import send_invoice
from payments.models import Invoice, PaymentPause
from payments.seqr import SeqrConfigurationError
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ShopFactory,
)
from tests.payments.steps import added_terminal, pause_for_refused_password
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

CLOSED = {
    "en": "Payments are paused. Try again in a few minutes.",
    "sv": "Betalningen är pausad. Försök igen om några minuter.",
}


@pytest.fixture
def closed(cafe: Shop) -> PaymentPause:
    """SEQR rejects our credentials."""
    return pause_for_refused_password()


@pytest.mark.parametrize("language", CLOSED)
def test_order_page_shows_payment_pause_without_session(
    client: JsonClient, closed: PaymentPause, language: str
) -> None:
    response = client.get("/lyktan/order", headers={"Accept-Language": language})

    assert CLOSED[language] in response.content.decode()


def test_order_page_shows_nothing_without_payment_pause(client: JsonClient, cafe: Shop) -> None:
    assert "Payments are paused" not in client.get("/lyktan/order").content.decode()


@pytest.mark.parametrize("language", CLOSED)
def test_session_reports_payment_pause(
    customer: JsonClient, closed: PaymentPause, language: str
) -> None:
    response = customer.send("/lyktan/session", headers={"Accept-Language": language})

    assert response.status_code == 200
    assert response.json()["unavailable_message"] == CLOSED[language]


@pytest.mark.parametrize("language", CLOSED)
def test_order_is_rejected_during_payment_pause_and_nothing_changes(
    customer: JsonClient, closed: PaymentPause, two_buns: dict[str, Any], language: str
) -> None:
    before = Order.objects.count()

    response = customer.send("/lyktan/orders", two_buns, headers={"Accept-Language": language})

    assert response.status_code == 503
    assert response.json() == {"error": "shop_unavailable", "message": CLOSED[language]}
    assert response["Retry-After"] == "60"
    assert Order.objects.count() == Invoice.objects.count() == before


def test_repeated_nonce_returns_its_order_during_payment_pause(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    created = customer.send("/lyktan/orders", two_buns).json()
    pause_for_refused_password()

    repeated = customer.send("/lyktan/orders", two_buns)

    assert (repeated.status_code, repeated.json()) == (200, created)


def test_open_order_is_returned_during_payment_pause(
    customer: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    invoice = invoice_of(customer_session, "issued")
    pause_for_refused_password()

    shown = customer.send("/lyktan/session").json()["order"]
    another = customer.send("/lyktan/orders", two_buns)

    assert (shown["id"], shown["state"]) == (str(invoice.order.public_id), "awaiting_payment")
    assert (another.status_code, another.json()["error"]) == (409, "order_open")


@pytest.mark.parametrize("trait", [None, "sending"])
def test_unsent_order_explains_payment_pause(
    customer: JsonClient, customer_session: CustomerSession, trait: str | None
) -> None:
    invoice = invoice_of(customer_session, trait)
    before = customer.get(path_of(invoice)).json()["message"]
    pause_for_refused_password()

    message = customer.get(path_of(invoice)).json()["message"]

    assert before == "Your order is being sent to SEQR."
    assert message.startswith("Your order is sent")


def test_unpaid_order_cannot_be_retried_during_payment_pause(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "expired")
    pause_for_refused_password()

    response = customer.send(path_of(invoice, "/pay"))

    invoice.order.refresh_from_db()
    assert (response.status_code, response.json()["error"]) == (503, "shop_unavailable")
    assert invoice.order.state == "expired"
    assert invoice.order.invoices.count() == 1


def test_open_order_can_be_cancelled_during_payment_pause(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session)
    pause_for_refused_password()

    response = customer.send(path_of(invoice, "/cancel"))

    assert response.json()["state"] == "canceled"


def test_page_of_a_paused_terminals_shop_shows_it_and_the_other_shop_sells(
    sandbox: SandboxProcess, customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    """SEQR refuses the password of one of two terminals."""
    other = ShopFactory.create(slug="odenplan", terminal=added_terminal(sandbox))
    refused = new_invoice_at(other)
    sandbox.change_terminal_password(other.terminal.principal_id, "another one")
    with pytest.raises(SeqrConfigurationError):
        send_invoice(refused.pk)

    pages = {
        slug: customer.get(f"/{slug}/order").content.decode() for slug in ("lyktan", "odenplan")
    }
    sold = customer.send("/lyktan/orders", two_buns)

    assert CLOSED["en"] in pages["odenplan"]
    assert CLOSED["en"] not in pages["lyktan"]
    assert sold.status_code == 201
    assert customer.send("/lyktan/session").json()["unavailable_message"] is None


def new_invoice_at(shop: Shop) -> Invoice:
    """Return an unsent invoice of a shop."""
    order = OrderFactory.create(shop=shop)
    OrderRowFactory.create(order=order)
    return InvoiceFactory.create(order=order)
