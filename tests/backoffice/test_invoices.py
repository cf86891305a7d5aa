"""Invoices in the admin: found by what people know of them, read, never edited."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.audit import ChangeSource
from orders.clock import database_now
from payments.invoices.transitions import lock_invoice, record
from payments.models import Invoice, InvoiceStatus, PollShard
from tests.factories import InvoiceFactory, OrderFactory
from tests.staff import boss, find, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db


def test_an_invoice_is_found_by_number_reference_and_phone_number() -> None:
    invoice = InvoiceFactory.create(
        paid=True,
        invoice_reference="7000111",
        ers_reference="20120604-ERS",
        order__customer__msisdn="46701234567",
    )
    InvoiceFactory.create(paid=True)
    client = boss()
    number = invoice.order.number

    found = [
        find(client, Invoice, q=term)
        for term in (number, f"{number}-1", "7000111", "20120604-ERS", "070-123 45 67")
    ]

    assert found == [[invoice]] * 5


def test_the_number_with_its_attempt_finds_that_attempt_only() -> None:
    order = OrderFactory.create()
    first = InvoiceFactory.create(order=order, attempt=1, canceled=True)
    second = InvoiceFactory.create(order=order, attempt=2, issued=True)
    client = boss()

    found = [find(client, Invoice, q=term) for term in (order.number, f"{order.number}-1")]

    assert found == [[second, first], [first]]


def test_invoices_are_filtered_by_status_service_and_suspected_reversal() -> None:
    invoice = InvoiceFactory.create(failed=True, possibly_reversed=True)
    InvoiceFactory.create(paid=True)
    client = boss()

    found = [
        find(client, Invoice, status__exact="FAILED"),
        find(client, Invoice, possibly_reversed__exact="1"),
        find(client, Invoice, order__shop__id__exact=str(invoice.order.shop_id)),
    ]

    assert found == [[invoice]] * 3


def test_the_page_shows_both_references_and_the_history_with_who_did_it() -> None:
    invoice = InvoiceFactory.create(
        paid=True, invoice_reference="7000111", ers_reference="20120604-ERS"
    )
    client = boss()
    user = user_of(client)
    record(
        lock_invoice(invoice.pk),
        "payment_confirmed",
        ChangeSource("staff", user),
        detail="by asking",
    )

    page = client.get(page_url(invoice)).content.decode()

    for text in ("7000111", "20120604-ERS", "payment confirmed", "by asking", user.username):
        assert text in page
    assert page_url(invoice.order) in page


def test_the_page_shows_what_a_card_took_off_and_what_is_paid() -> None:
    invoice = InvoiceFactory.create(paid=True, discounted=True)
    client = boss()

    page = client.get(page_url(invoice)).content.decode()
    without = client.get(page_url(InvoiceFactory.create(paid=True))).content.decode()

    for text in ("Loyalty discount 10%", "-4.50\xa0SEK", "40.50\xa0SEK", "recognised"):
        assert text in page
    assert "Discounts" not in without


def test_the_secret_of_the_notification_address_is_not_shown() -> None:
    invoice = InvoiceFactory.create(issued=True)
    client = boss()

    pages = [client.get(url).content.decode() for url in (page_url(invoice), list_url(Invoice))]

    assert all(invoice.notify_key not in page for page in pages)
    assert all(invoice.order.return_key not in page for page in pages)


def test_nobody_adds_changes_or_deletes_an_invoice_not_even_a_superuser() -> None:
    invoice = InvoiceFactory.create(issued=True)
    client = boss()

    answers = [
        client.post(reverse("admin:payments_invoice_add"), {}).status_code,
        client.post(page_url(invoice), {"status": "PAID", "amount": "1"}).status_code,
        client.post(reverse("admin:payments_invoice_delete", args=[invoice.pk])).status_code,
    ]
    run(client, "delete_selected", invoice)

    assert answers == [403, 403, 403]
    assert Invoice.objects.get().status == InvoiceStatus.ISSUED


def test_the_buttons_are_those_that_make_sense_and_are_allowed() -> None:
    issued, paid = InvoiceFactory.create(issued=True), InvoiceFactory.create(paid=True)
    asker = staff("payments.view_invoice", "payments.check_invoice")

    pages = {
        "issued, superuser": boss().get(page_url(issued)),
        "paid, superuser": boss().get(page_url(paid)),
        "issued, may ask": asker.get(page_url(issued)),
    }

    buttons = {
        what: [name for name, _ in response.context["detail_actions"]]
        for what, response in pages.items()
    }
    assert buttons == {
        "issued, superuser": ["ask_seqr", "cancel_at_seqr"],
        "paid, superuser": ["ask_seqr", "give_money_back"],
        "issued, may ask": ["ask_seqr"],
    }


def test_the_list_of_twenty_invoices_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    InvoiceFactory.create_batch(20, paid=True)
    client = boss()

    with django_assert_max_num_queries(6):
        response = client.get(list_url(Invoice))

    assert len(response.context["cl"].result_list) == 20


def test_staff_see_when_the_poller_last_went_round() -> None:
    now = database_now()
    PollShard.objects.create(number=0, round_started_at=now, oldest_answer_at=now)

    page = boss().get(list_url(PollShard)).content.decode()

    assert "less than a minute" in page
