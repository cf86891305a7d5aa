"""GET orders/<id>."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import translation
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import CustomerSession, Order, OrderState, SourceName
from orders.services import advance_order
from payments.models import Refund, RefundRow, RefundStatus
from seqrshop.storefront.messages import HEADINGS, MESSAGES, SHORT_STATES
from tests.factories import CustomerSessionFactory, InvoiceFactory, OrderRowFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

KEYS = {
    "id",
    "number",
    "state",
    "total",
    "url",
    "rows",
    "tip",
    "note",
    "dining",
    "discounts",
    "parameters",
    "ordered_at",
    "invoice_reference",
    "app_url",
    "ers_reference",
    "receipt_url",
    "refunded",
    "short_state",
    "progress",
    "paid_at",
    "estimate_minutes",
    "heading",
    "message",
}


def test_payable_order_has_app_url(
    customer: JsonClient, customer_session: CustomerSession, settings: Settings
) -> None:
    settings.SEQR_APP_URL = "seqr://SEQR.SE/"
    invoice = invoice_of(customer_session, "issued")

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
            "options": [],
            "note": "",
            "refunded": 0,
        }
    ]


def test_discount_is_listed_and_deducted_from_total(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "issued", discounted=True)

    body = customer.get(path_of(invoice)).json()
    back = customer.get(f"/return/{invoice.order.return_key}").content.decode()
    state = customer.get(f"/return/{invoice.order.return_key}.json").json()

    assert body["discounts"] == [{"name": "Loyalty discount 10%", "total": "-4.50"}]
    assert body["total"] == state["total"] == {"value": "40.50", "currency": "SEK"}
    assert ">SEK\xa040.50<" in back


def test_discount_does_not_apply_to_next_invoice(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "canceled", discounted=True)

    body = customer.get(path_of(invoice)).json()

    assert (body["discounts"], body["total"]["value"]) == ([], "45.00")


@pytest.mark.parametrize(
    "trait",
    [None, "sending", "needs_attention", "cancel_pending", "paid", "canceled", "failed", "expired"],
)
def test_order_that_cannot_be_paid_has_no_app_url(
    customer: JsonClient, customer_session: CustomerSession, trait: str | None
) -> None:
    body = customer.get(path_of(invoice_of(customer_session, trait))).json()

    assert body["app_url"] is None
    assert body["message"]


def test_reference_of_invoice_being_cancelled_is_hidden(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "cancel_pending")

    assert customer.get(path_of(invoice)).json()["invoice_reference"] is None


def test_paid_order_has_ers_reference(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "paid")

    body = customer.get(path_of(invoice)).json()

    assert (body["state"], body["ers_reference"]) == ("paid", invoice.ers_reference)


@pytest.mark.parametrize(
    ("step", "heading", "rubrik"),
    [
        ("paid", "Paid, thank you!", "Betalt, tack!"),
        ("preparing", "We are preparing your order", "Vi förbereder din beställning"),
        ("ready", "Your order is ready", "Din beställning är klar"),
        ("served", "Enjoy!", "Smaklig måltid!"),
    ],
)
def test_order_in_the_kitchen_says_how_far_it_has_come(
    customer: JsonClient, customer_session: CustomerSession, step: str, heading: str, rubrik: str
) -> None:
    invoice = invoice_of(customer_session, "paid")
    if step != "paid":
        advance_order(invoice.order_id, OrderState(step), ChangeSource(SourceName.STAFF))

    english, swedish = (
        customer.get(path_of(invoice), headers={"Accept-Language": language}).json()
        for language in ("en", "sv")
    )

    assert (english["state"], english["progress"]) == (step, step)
    assert (english["heading"], swedish["heading"]) == (heading, rubrik)


def test_partly_refunded_order_says_how_far_the_rest_has_come(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "paid")
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.PARTLY_REFUNDED)
    advance_order(invoice.order_id, OrderState.READY, ChangeSource(SourceName.STAFF))

    body = customer.get(path_of(invoice)).json()

    assert (body["state"], body["progress"]) == ("partly_refunded", "ready")
    assert (body["heading"], body["short_state"]) == ("Your order is ready", "Ready")
    assert body["message"].endswith("refunded to you. The rest of your order is ready.")


@pytest.mark.parametrize("trait", [None, "issued", "needs_attention", "canceled"])
def test_unpaid_order_has_no_progress(
    customer: JsonClient, customer_session: CustomerSession, trait: str | None
) -> None:
    body = customer.get(path_of(invoice_of(customer_session, trait))).json()

    assert body["progress"] is None


@pytest.mark.parametrize(
    ("amount", "state", "sentences"),
    [
        (
            "10.00",
            "partly_refunded",
            [
                "SEK\xa010.00 of SEK\xa045.00 has been refunded to you."
                " The rest of your order is on its way.",
                "10,00\xa0kr av 45,00\xa0kr har återbetalats till dig."
                " Resten av din beställning är på väg.",
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
def test_refunded_order_shows_refunded_amount(
    customer: JsonClient,
    customer_session: CustomerSession,
    amount: str,
    state: str,
    sentences: list[str],
) -> None:
    invoice = invoice_of(customer_session, "paid")
    clerk = User.objects.create_user("clerk")
    for status in (RefundStatus.REFUNDED, RefundStatus.REJECTED):
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

    orders = [
        customer.get(path_of(invoice), headers={"Accept-Language": language}).json()
        for language in ("en", "sv")
    ]
    back = customer.get(f"/return/{invoice.order.return_key}.json").json()

    assert [order["message"] for order in orders] == sentences
    assert [order["refunded"] for order in orders] == [amount] * 2
    assert back["message"] == sentences[0]


def test_refunded_order_says_which_units_went_back(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "paid")
    refunded, _ = OrderRowFactory.create_batch(2, order=invoice.order, quantity=3)
    clerk = User.objects.create_user("clerk")
    for status, quantity in (
        (RefundStatus.REFUNDED, 1),
        (RefundStatus.REFUNDED, 1),
        (RefundStatus.CREATED, 1),
    ):
        refund = Refund.objects.create(
            invoice=invoice,
            status=status,
            amount=45 * quantity,
            currency="SEK",
            reason="cold",
            requested_by=clerk,
            ers_reference="ERS",
        )
        RefundRow.objects.create(
            refund=refund, order_row=refunded, quantity=quantity, amount=refund.amount
        )
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.PARTLY_REFUNDED)

    rows = customer.get(path_of(invoice)).json()["rows"]

    assert [row["refunded"] for row in rows] == [0, 2, 0]


def test_order_retried_after_reversal_shows_new_invoice(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    reversed_one = invoice_of(
        customer_session, "canceled", paid_at=database_now(), possibly_reversed=True
    )
    new = InvoiceFactory.create(order=reversed_one.order, attempt=2, issued=True)
    Order.objects.filter(pk=new.order_id).update(state="awaiting_payment")

    body = customer.get(path_of(new)).json()

    assert body["invoice_reference"] == new.invoice_reference
    assert body["app_url"]


def test_reversed_payment_is_shown_after_later_invoice_ended(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    reversed_one = invoice_of(
        customer_session, "canceled", paid_at=database_now(), possibly_reversed=True
    )
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
def test_message_and_names_are_in_requested_language(
    customer: JsonClient, customer_session: CustomerSession, language: str, name: str, sentence: str
) -> None:
    invoice = invoice_of(customer_session, "issued")

    response = customer.get(path_of(invoice), headers={"Accept-Language": language})

    assert response.json()["rows"][0]["name"] == name
    assert response.json()["message"] == sentence


def test_every_state_has_its_own_message() -> None:
    assert set(HEADINGS) == set(MESSAGES) == set(SHORT_STATES) == set(OrderState)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_headings_distinguish_states_without_colour(language: str) -> None:
    headings = {
        state: heading for state, heading in HEADINGS.items() if state != OrderState.SENDING
    }

    with translation.override(language):  # created and sending share a heading
        assert len({str(heading) for heading in headings.values()}) == len(headings)


def test_possibly_reversed_payment_is_not_called_unpaid(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "canceled", possibly_reversed=True)

    assert "SEQR refunds you" in customer.get(path_of(invoice)).json()["message"]


def test_order_of_another_customer_is_not_found(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    others = InvoiceFactory.create(issued=True)

    for action in ("", "/pay", "/cancel"):
        request = customer.send if action else customer.get
        theirs = request(path_of(others, action))
        nobodys = request(f"/orders/{uuid.uuid4()}{action}")
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404
        assert theirs.json()["error"] == "not_found"


def test_customer_reads_order_from_another_browser(
    customer_session: CustomerSession,
) -> None:
    invoice = invoice_of(customer_session, "issued")
    CustomerSessionFactory.create(
        customer=customer_session.customer, shop=customer_session.shop, token="another-token-1"
    )

    assert JsonClient("another-token-1").get(path_of(invoice)).status_code == 200


@pytest.mark.parametrize("order_id", ["1", "x", "00000000-0000-0000-0000-00000000000g", "%00"])
def test_guessed_order_id_is_not_found(
    customer: JsonClient, customer_session: CustomerSession, order_id: str
) -> None:
    response = customer.get(f"/orders/{order_id}")

    assert (response.status_code, response.json()["error"]) == (404, "not_found")
