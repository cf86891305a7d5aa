"""The audit in the admin: found, filtered, exported, and changed by nobody."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.audit import ChangeSource
from orders.models import AuditEvent, OrderState
from payments.call_audit import record_call
from payments.invoices.transitions import lock_invoice, record
from payments.models import Invoice
from payments.seqr import CallRecord
from tests.factories import InvoiceFactory, OrderFactory
from tests.staff import boss, find, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db
BY_POLLER = ChangeSource("poller")
EXPORT = "/admin/orders/auditevent/export/"
CALL = CallRecord("cancelInvoice", "0123456789abcdef0123456789abcdef", 12, 51, "SEQR answered 51")


def invoice_with_a_story(**fields: str) -> Invoice:
    """An invoice that was paid, and one call about its order."""
    invoice: Invoice = InvoiceFactory.create(paid=True, **fields)
    record(
        lock_invoice(invoice.pk),
        "payment_confirmed",
        BY_POLLER,
        from_state="ISSUED",
        to_state="PAID",
    )
    record_call(CALL, invoice.order_id, BY_POLLER)
    return invoice


def exported(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    """Return the lines of the CSV file at an address, by their columns."""
    response = client.get(address, query)
    content = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_an_orders_page_tells_of_its_calls_with_code_and_time() -> None:
    invoice = invoice_with_a_story()

    page = boss().get(page_url(invoice.order)).content.decode()

    assert "cancelInvoice" in page
    assert CALL.client_reference in page
    assert "Result code 51 in 12 ms: SEQR answered 51" in page


def test_a_call_without_an_answer_says_so() -> None:
    order = OrderFactory.create()
    lost = CallRecord("refundPayment", "0123", 5003, None, "no complete response in time")
    record_call(lost, order.pk, BY_POLLER)

    page = boss().get(page_url(order)).content.decode()

    assert "No answer in 5003 ms: no complete response in time" in page


def test_events_are_found_by_what_people_know_of_an_order_or_a_call() -> None:
    invoice = invoice_with_a_story(order__customer__msisdn="46701234567")
    invoice_with_a_story()
    other_call = CallRecord("getClientSessionInfo", "fedcba", 3, 0)
    record_call(other_call, None, ChangeSource("customer"))
    client = boss()

    found = {
        term: [event.name for event in find(client, AuditEvent, q=term)]
        for term in (invoice.order.number, invoice.invoice_reference or "", "0701234567", "fedcba")
    }

    of_order = ["cancelInvoice", "payment_confirmed"]
    assert list(found.values()) == [of_order, of_order, of_order, ["getClientSessionInfo"]]


def test_the_export_holds_what_the_list_shows() -> None:
    invoice = invoice_with_a_story()
    invoice_with_a_story()
    client = boss()

    lines = exported(client, EXPORT, q=invoice.order.number, subject_type__exact="call")

    assert [(line["order"], line["event"]) for line in lines] == [
        (invoice.order.number, "cancelInvoice")
    ]
    assert len(exported(client, EXPORT)) == 4


def test_the_export_is_a_file_that_streams_and_that_no_proxy_keeps() -> None:
    invoice_with_a_story()

    response = boss().get(EXPORT)

    assert response.streaming
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    assert "no-store" in response.headers["Cache-Control"]


def test_the_list_leads_to_the_export_with_its_own_filter() -> None:
    page = (
        boss()
        .get(list_url(AuditEvent), {"q": "1005", "subject_type__exact": "call"})
        .content.decode()
    )

    assert f'href="{EXPORT}?about__exact=call&amp;q=1005"' in page


@pytest.mark.parametrize("whose", ["order", "invoice"])
def test_a_page_leads_to_the_export_of_its_own_history(whose: str) -> None:
    invoice = invoice_with_a_story()
    invoice_with_a_story()
    client = boss()
    row = {"order": invoice.order, "invoice": invoice}[whose]
    address = client.get(page_url(row)).context["export_url"]

    lines = exported(client, address)

    expected = {"order": ["payment_confirmed", "cancelInvoice"], "invoice": ["payment_confirmed"]}
    assert [line["event"] for line in lines] == expected[whose]
    assert {line["order"] for line in lines} == {invoice.order.number}


def test_a_filter_that_cannot_be_leads_back_to_the_list() -> None:
    response = boss().get(EXPORT, {"at__gte": "yesterday"})

    assert (response.status_code, response.headers["Location"]) == (302, list_url(AuditEvent))


def test_who_may_not_see_events_may_not_export_them() -> None:
    invoice = invoice_with_a_story()
    desk = staff("orders.view_order", "payments.view_invoice")

    answers = [desk.get(address).status_code for address in (EXPORT, list_url(AuditEvent))]

    assert answers == [403, 403]
    assert EXPORT not in desk.get(page_url(invoice.order)).content.decode()
    assert staff("orders.view_auditevent").get(EXPORT).status_code == 200
    assert Client().get(EXPORT).status_code == 302


def test_nobody_adds_changes_or_deletes_an_event_not_even_a_superuser() -> None:
    invoice_with_a_story()
    event = AuditEvent.objects.latest("id")
    client = boss()

    answers = [
        client.post(reverse("admin:orders_auditevent_add"), {}).status_code,
        client.post(page_url(event), {"detail": "never mind"}).status_code,
        client.post(reverse("admin:orders_auditevent_delete", args=[event.pk])).status_code,
    ]
    run(client, "delete_selected", event)

    assert answers == [403, 403, 403]
    assert AuditEvent.objects.count() == 2


def test_the_list_of_forty_events_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        invoice_with_a_story()
    client = boss()

    with django_assert_max_num_queries(6):
        response = client.get(list_url(AuditEvent))

    assert len(response.context["cl"].result_list) == 40


def test_what_staff_did_is_told_with_who_it_was() -> None:
    order = OrderFactory.create(state=OrderState.PAID)
    client = boss()

    run(client, "mark_as_served", order)

    page = client.get(list_url(AuditEvent), {"q": order.number}).content.decode()
    assert f"staff ({user_of(client).username})" in page
