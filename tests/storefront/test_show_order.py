"""GET orders/<id>, and having SEQR asked while a page waits."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import translation
from pytest_django import Settings

from orders.clock import database_now
from orders.models import CustomerSession, Order, OrderState
from payments.models import PollShard, Refund, RefundStatus, shard_of
from seqrshop.storefront import stale_invoice
from seqrshop.storefront.messages import HEADINGS, MESSAGES
from tests.factories import CustomerSessionFactory, InvoiceFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

KEYS = {
    "id",
    "number",
    "state",
    "total",
    "url",
    "rows",
    "discounts",
    "parameters",
    "ordered_at",
    "invoice_reference",
    "app_url",
    "ers_reference",
    "receipt_url",
    "heading",
    "message",
}


# --- Reading -------------------------------------------------------------------------------------


def test_an_order_that_can_be_paid_has_the_apps_address(
    customer: JsonClient, visit: CustomerSession, settings: Settings
) -> None:
    settings.SEQR_APP_URL = "seqr://SEQR.SE/"
    invoice = invoice_of(visit, "issued")

    body = customer.get(path_of(invoice)).json()

    assert set(body) == KEYS
    assert body["state"] == "awaiting_payment"
    assert body["invoice_reference"] == invoice.invoice_reference
    assert body["app_url"] == f"seqr://SEQR.SE/R{invoice.invoice_reference}"
    assert body["ers_reference"] is None
    assert body["parameters"] == {"TABLE": "4"}
    assert body["rows"] == [
        {
            "product": body["rows"][0]["product"],
            "name": "Cinnamon bun",
            "quantity": 1,
            "unit": "st",
            "unit_price": "45.00",
            "total": "45.00",
        }
    ]


def test_a_discount_stands_below_the_rows_and_the_total_is_what_is_to_be_paid(
    customer: JsonClient, visit: CustomerSession
) -> None:
    invoice = invoice_of(visit, "issued", discounted=True)

    body = customer.get(path_of(invoice)).json()
    back = customer.get(f"/return/{invoice.order.return_key}").content.decode()
    state = customer.get(f"/return/{invoice.order.return_key}.json").json()

    assert body["discounts"] == [{"name": "Loyalty discount 10%", "total": "-4.50"}]
    assert body["total"] == state["total"] == {"value": "40.50", "currency": "SEK"}
    assert ">SEK\xa040.50<" in back


def test_a_discount_ends_with_its_invoice(customer: JsonClient, visit: CustomerSession) -> None:
    invoice = invoice_of(visit, "canceled", discounted=True)

    body = customer.get(path_of(invoice)).json()

    assert (body["discounts"], body["total"]["value"]) == ([], "45.00")


@pytest.mark.parametrize(
    "trait",
    [None, "sending", "needs_attention", "cancel_pending", "paid", "canceled", "failed", "expired"],
)
def test_what_cannot_be_paid_has_no_address_of_the_app(
    customer: JsonClient, visit: CustomerSession, trait: str | None
) -> None:
    body = customer.get(path_of(invoice_of(visit, trait))).json()

    assert body["app_url"] is None
    assert body["message"]


def test_a_reference_that_nobody_should_pay_is_not_shown(
    customer: JsonClient, visit: CustomerSession
) -> None:
    invoice = invoice_of(visit, "cancel_pending")

    assert customer.get(path_of(invoice)).json()["invoice_reference"] is None


def test_a_paid_order_has_its_payments_reference(
    customer: JsonClient, visit: CustomerSession
) -> None:
    invoice = invoice_of(visit, "paid")

    body = customer.get(path_of(invoice)).json()

    assert (body["state"], body["ers_reference"]) == ("paid", invoice.ers_reference)


@pytest.mark.parametrize(
    ("amount", "state", "sentences"),
    [
        (
            "10.00",
            "partly_refunded",
            [
                "SEK\xa010.00 of SEK\xa045.00 has been refunded to you.",
                "10,00\xa0kr av 45,00\xa0kr har återbetalats till dig.",
            ],
        ),
        (
            "45.00",
            "refunded",
            [
                "SEK\xa045.00 has been refunded to you.",
                "45,00\xa0kr har återbetalats till dig.",
            ],
        ),
    ],
)
def test_an_order_tells_how_much_of_it_went_back(
    customer: JsonClient, visit: CustomerSession, amount: str, state: str, sentences: list[str]
) -> None:
    invoice = invoice_of(visit, "paid")
    clerk = User.objects.create_user("clerk")
    for status in (RefundStatus.REFUNDED, RefundStatus.REFUSED):
        Refund.objects.create(
            invoice=invoice,
            status=status,
            amount=Decimal(amount),
            currency="SEK",
            reason="cold",
            requested_by=clerk,
            ers_reference="ERS",
        )
    Order.objects.filter(pk=invoice.order_id).update(state=state)

    messages = [
        customer.get(path_of(invoice), headers={"Accept-Language": language}).json()["message"]
        for language in ("en", "sv")
    ]
    back = customer.get(f"/return/{invoice.order.return_key}.json").json()

    assert messages == sentences
    assert back["message"] == sentences[0]


def test_an_order_that_is_paid_again_after_a_reversal_shows_the_new_bill(
    customer: JsonClient, visit: CustomerSession
) -> None:
    reversed_one = invoice_of(visit, "canceled", paid_at=database_now(), possibly_reversed=True)
    new = InvoiceFactory.create(order=reversed_one.order, attempt=2, issued=True)
    Order.objects.filter(pk=new.order_id).update(state="awaiting_payment")

    body = customer.get(path_of(new)).json()

    assert body["invoice_reference"] == new.invoice_reference
    assert body["app_url"]


def test_an_order_whose_payment_was_taken_back_tells_so_though_another_bill_has_ended_since(
    customer: JsonClient, visit: CustomerSession
) -> None:
    reversed_one = invoice_of(visit, "canceled", paid_at=database_now(), possibly_reversed=True)
    InvoiceFactory.create(order=reversed_one.order, attempt=2, canceled=True)

    body = customer.get(path_of(reversed_one)).json()

    assert "SEQR refunds you" in body["message"]


@pytest.mark.parametrize(
    ("language", "name", "sentence"),
    [
        ("sv-SE", "Kanelbulle", "Din beställning väntar på att du betalar i appen."),
        ("en", "Cinnamon bun", "Your order is waiting for your payment in the app."),
        ("fr", "Cinnamon bun", "Your order is waiting for your payment in the app."),
    ],
)
def test_sentences_and_names_come_in_the_language_asked_for(
    customer: JsonClient, visit: CustomerSession, language: str, name: str, sentence: str
) -> None:
    invoice = invoice_of(visit, "issued")

    response = customer.get(path_of(invoice), headers={"Accept-Language": language})

    assert response.json()["rows"][0]["name"] == name
    assert response.json()["message"] == sentence


def test_every_state_has_its_own_words() -> None:
    assert set(HEADINGS) == set(MESSAGES) == set(OrderState)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_states_are_told_apart_by_words_and_not_by_colours_alone(language: str) -> None:
    told = {state: heading for state, heading in HEADINGS.items() if state != OrderState.SENDING}

    with translation.override(language):  # created and sending are one and the same to a customer
        assert len({str(heading) for heading in told.values()}) == len(told)


def test_a_payment_that_may_have_been_returned_is_not_called_unpaid(
    customer: JsonClient, visit: CustomerSession
) -> None:
    invoice = invoice_of(visit, "canceled", possibly_reversed=True)

    assert "SEQR refunds you" in customer.get(path_of(invoice)).json()["message"]


def test_another_customers_order_is_as_unknown_as_none(
    customer: JsonClient, visit: CustomerSession
) -> None:
    others = InvoiceFactory.create(issued=True)

    for action in ("", "/pay", "/cancel"):
        ask = customer.send if action else customer.get
        theirs = ask(path_of(others, action))
        nobodys = ask(f"/orders/{uuid.uuid4()}{action}")
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404
        assert theirs.json()["error"] == "not_found"


def test_the_customer_reaches_the_order_from_another_browser(visit: CustomerSession) -> None:
    invoice = invoice_of(visit, "issued")
    CustomerSessionFactory.create(customer=visit.customer, shop=visit.shop, token="another-token-1")

    assert JsonClient("another-token-1").get(path_of(invoice)).status_code == 200


@pytest.mark.parametrize("order_id", ["1", "x", "00000000-0000-0000-0000-00000000000g", "%00"])
def test_a_guessed_id_leads_nowhere(
    customer: JsonClient, visit: CustomerSession, order_id: str
) -> None:
    response = customer.get(f"/orders/{order_id}")

    assert (response.status_code, response.json()["error"]) == (404, "not_found")


# --- Having SEQR asked ---------------------------------------------------------------------------


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Which invoices SEQR would have been asked about."""
    asked: list[tuple[int, str]] = []
    monkeypatch.setattr(stale_invoice, "check_status_soon", lambda *args: asked.append(args))
    return asked


def test_a_page_that_waits_while_the_poller_sleeps_has_seqr_asked_once(
    customer: JsonClient, visit: CustomerSession, checks: list[tuple[int, str]]
) -> None:
    invoice = invoice_of(visit, "issued")

    for _ in range(3):
        customer.get(path_of(invoice))

    assert checks == [(invoice.pk, "page")]


def test_while_the_poller_goes_round_the_page_leaves_it_alone(
    customer: JsonClient, visit: CustomerSession, checks: list[tuple[int, str]]
) -> None:
    invoice = invoice_of(visit, "issued")
    now = database_now()
    PollShard.objects.create(
        number=shard_of(invoice.pk), round_started_at=now, oldest_answer_at=now
    )

    customer.get(path_of(invoice))

    assert checks == []


@pytest.mark.parametrize("trait", [None, "paid", "canceled"])
def test_what_is_settled_or_unsent_is_not_asked_about(
    customer: JsonClient,
    visit: CustomerSession,
    checks: list[tuple[int, str]],
    trait: str | None,
) -> None:
    customer.get(path_of(invoice_of(visit, trait)))

    assert checks == []
