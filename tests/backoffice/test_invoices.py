"""Payments in the admin: searched, filtered and shown with their history."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone

from orders.audit import by_staff, record_event
from orders.clock import database_now
from orders.models import AuditEvent, EventName
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, PollShard
from tests.factories import InvoiceFactory, OrderFactory
from tests.staff import list_url, listed, page_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db


def test_payment_is_found_by_number_reference_and_phone_number() -> None:
    invoice = InvoiceFactory.create(
        paid=True,
        invoice_reference="7000111",
        ers_reference="20120604-ERS",
        order__customer__msisdn="46701234567",
    )
    InvoiceFactory.create(paid=True)
    client = superuser()
    number = invoice.order.number

    found = [
        listed(client, Invoice, q=term)
        for term in (number, f"{number}-1", "7000111", "20120604-ERS", "070-123 45 67")
    ]

    assert found == [[invoice]] * 5


def test_number_with_an_attempt_finds_that_attempt_only() -> None:
    order = OrderFactory.create()
    first = InvoiceFactory.create(order=order, attempt=1, canceled=True)
    second = InvoiceFactory.create(order=order, attempt=2, issued=True)
    client = superuser()

    found = [listed(client, Invoice, q=term) for term in (order.number, f"{order.number}-1")]

    assert found == [[second, first], [first]]


def test_payments_are_filtered_by_status_shop_and_possible_reversal() -> None:
    invoice = InvoiceFactory.create(failed=True, possibly_reversed=True)
    InvoiceFactory.create(paid=True)
    client = superuser()

    found = [
        listed(client, Invoice, status__exact="FAILED"),
        listed(client, Invoice, possibly_reversed="yes"),
        listed(client, Invoice, shop__id__exact=str(invoice.order.shop_id)),
    ]

    assert found == [[invoice]] * 3


def test_page_shows_references_and_history_with_the_user() -> None:
    invoice = InvoiceFactory.create(
        paid=True, invoice_reference="7000111", ers_reference="20120604-ERS"
    )
    client = superuser()
    user = user_of(client)
    record_event(
        lock_invoice(invoice.pk),
        EventName.PAYMENT_CONFIRMED,
        by_staff(user),
        detail="by asking",
    )

    page = client.get(page_url(invoice)).content.decode()

    for text in ("7000111", "20120604-ERS", "payment confirmed", "by asking", user.username):
        assert text in page
    assert page_url(invoice.order) in page
    event = AuditEvent.objects.get(subject_id=invoice.pk)
    assert f"{timezone.localtime(event.occurred_at):%Y-%m-%d %H:%M:%S}" in page


@pytest.mark.parametrize(
    ("in_receipt", "shown"),
    [
        ("20120604-ERS", "20120604-ERS"),
        ("", "20120604-ERS"),
        ("20120604-PAY", "20120604-ERS; in SEQR&#x27;s receipt: 20120604-PAY"),
    ],
)
def test_page_shows_the_reference_of_the_receipt_only_where_it_differs(
    in_receipt: str, shown: str
) -> None:
    invoice = InvoiceFactory.create(
        paid=True, ers_reference="20120604-ERS", payment_reference=in_receipt
    )

    page = superuser().get(page_url(invoice)).content.decode()

    assert f">{shown}<" in page
    assert page.count("20120604-ERS") == 1


def test_page_shows_discounts_only_where_there_are_any() -> None:
    invoice = InvoiceFactory.create(paid=True, discounted=True)
    client = superuser()

    page = client.get(page_url(invoice)).content.decode()
    without = client.get(page_url(InvoiceFactory.create(paid=True))).content.decode()

    for text in ("Loyalty discount 10%", "-4.50\xa0SEK", "40.50\xa0SEK", "recognised"):
        assert text in page
    assert "Discounts" not in without


def test_secret_keys_are_never_shown() -> None:
    invoice = InvoiceFactory.create(issued=True)
    client = superuser()

    pages = [client.get(url).content.decode() for url in (page_url(invoice), list_url(Invoice))]

    assert all(invoice.notify_key not in page for page in pages)
    assert all(invoice.order.return_key not in page for page in pages)


def test_page_offers_the_actions_that_apply_and_are_permitted() -> None:
    issued, paid = InvoiceFactory.create(issued=True), InvoiceFactory.create(paid=True)
    clerk = staff("payments.view_invoice", "payments.check_invoice")

    pages = {
        "issued, superuser": superuser().get(page_url(issued)),
        "paid, superuser": superuser().get(page_url(paid)),
        "issued, may check": clerk.get(page_url(issued)),
    }

    actions = {
        page: [name for name, _ in response.context["row_actions"]]
        for page, response in pages.items()
    }
    assert actions == {
        "issued, superuser": ["check_with_seqr", "cancel_at_seqr"],
        "paid, superuser": ["check_with_seqr", "refund"],
        "issued, may check": ["check_with_seqr"],
    }


def test_list_of_payment_checks_shows_their_age() -> None:
    now = database_now()
    times = {"round_started_at": now, "oldest_answer_at": now}
    PollShard.objects.create(number=0, count=settings.SEQR_POLL_SHARDS, **times)
    PollShard.objects.create(number=63, count=64, **times)  # of a former number of shards

    client = superuser()

    response = client.get(list_url(PollShard))
    [shard] = response.context["cl"].result_list
    page = client.get(page_url(shard))

    assert "less than a minute" in response.content.decode()
    assert "Payment check 63" not in response.content.decode()
    assert [line.fields for fieldset in page.context["adminform"] for line in fieldset] == [
        ["number"],
        ["round_started_at"],
        ["oldest_answer_at"],
    ]
