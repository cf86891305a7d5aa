"""The audit trail in the admin: searched, filtered and exported."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.admin import site
from django.db.models import Model
from django.test import Client, RequestFactory

from orders.audit import ChangeSource, record_event
from orders.models import AuditEvent, EventName, Order, OrderState, SourceName
from payments.call_audit import record_call
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice
from payments.seqr import CallRecord
from tests.factories import InvoiceFactory, OrderFactory
from tests.staff import list_url, listed, page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db
BY_POLLER = ChangeSource(SourceName.POLLER)
EXPORT = "/admin/orders/auditevent/export/"
CALL = CallRecord("cancelInvoice", "0123456789abcdef0123456789abcdef", 12, 51, "SEQR answered 51")


def invoice_with_history(**fields: str) -> Invoice:
    """Return a paid invoice with one event, and one call of its order."""
    invoice: Invoice = InvoiceFactory.create(paid=True, **fields)
    record_event(
        lock_invoice(invoice.pk),
        EventName.PAYMENT_CONFIRMED,
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


def test_order_page_shows_calls_with_result_code_and_duration() -> None:
    invoice = invoice_with_history()

    page = superuser().get(page_url(invoice.order)).content.decode()

    assert "cancelInvoice" in page
    assert CALL.client_reference in page
    assert "Result code 51 in 12 ms: SEQR answered 51" in page


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("ISSUED", "PAID", "issued → paid"),
        ("ISSUED", "", "issued →"),
        ("", "PAID", "→ paid"),
        ("", "", "-"),
    ],
)
def test_list_shows_the_state_before_and_after(before: str, after: str, text: str) -> None:
    invoice = lock_invoice(InvoiceFactory.create(paid=True).pk)
    record_event(invoice, EventName.PAYMENT_CONFIRMED, BY_POLLER, from_state=before, to_state=after)
    event = AuditEvent.objects.get(name=EventName.PAYMENT_CONFIRMED)

    assert site._registry[AuditEvent].states(event) == text  # type: ignore[attr-defined]


def test_call_without_an_answer_is_shown_as_unanswered() -> None:
    order = OrderFactory.create()
    lost = CallRecord("refundPayment", "0123", 5003, None, "no complete response in time")
    record_call(lost, order.pk, BY_POLLER)

    page = superuser().get(page_url(order)).content.decode()

    assert "No answer in 5003 ms: no complete response in time" in page


def test_list_breaks_the_long_reference_of_a_call_in_its_middle_and_nothing_else() -> None:
    invoice = invoice_with_history()

    page = superuser().get(list_url(AuditEvent)).content.decode()

    assert f"{CALL.client_reference[:16]}<wbr>{CALL.client_reference[16:]}" in page
    assert f"<wbr>{invoice.client_invoice_id}" in page


def test_events_are_found_by_order_number_reference_phone_and_call() -> None:
    invoice = invoice_with_history(order__customer__msisdn="46701234567")
    invoice_with_history()
    other_call = CallRecord("getClientSessionInfo", "fedcba", 3, 0)
    record_call(other_call, None, ChangeSource(SourceName.CUSTOMER))
    client = superuser()

    found = {
        term: [event.name for event in listed(client, AuditEvent, q=term)]
        for term in (invoice.order.number, invoice.invoice_reference or "", "0701234567", "fedcba")
    }

    of_order = ["cancelInvoice", "payment_confirmed"]
    assert list(found.values()) == [of_order, of_order, of_order, ["getClientSessionInfo"]]


def test_export_contains_the_events_of_the_filtered_list() -> None:
    invoice = invoice_with_history()
    invoice_with_history()
    client = superuser()

    lines = exported(client, EXPORT, q=invoice.order.number, subject_type__exact="call")

    assert [(line["order"], line["event"]) for line in lines] == [
        (invoice.order.number, "cancelInvoice")
    ]
    assert len(exported(client, EXPORT)) == 4


def test_export_is_a_streamed_attachment_without_caching() -> None:
    invoice_with_history()

    response = superuser().get(EXPORT)

    assert response.streaming
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    assert "no-store" in response.headers["Cache-Control"]


def test_list_links_to_the_export_with_its_own_filter() -> None:
    page = (
        superuser()
        .get(list_url(AuditEvent), {"q": "1005", "subject_type__exact": "call"})
        .content.decode()
    )

    assert f'href="{EXPORT}?q=1005&amp;subject_type__exact=call"' in page


@pytest.mark.parametrize("whose", ["order", "invoice"])
def test_page_links_to_the_export_of_its_own_history(whose: str) -> None:
    invoice = invoice_with_history()
    invoice_with_history()
    client = superuser()
    row = {"order": invoice.order, "invoice": invoice}[whose]
    address = client.get(page_url(row)).context["export_url"]

    lines = exported(client, address)

    expected = {"order": ["payment_confirmed", "cancelInvoice"], "invoice": ["payment_confirmed"]}
    assert [line["event"] for line in lines] == expected[whose]
    assert {line["order"] for line in lines} == {invoice.order.number}


def test_export_with_an_invalid_filter_redirects_to_the_list() -> None:
    response = superuser().get(EXPORT, {"occurred_at__gte": "yesterday"})

    assert (response.status_code, response.headers["Location"]) == (302, list_url(AuditEvent))


def test_export_needs_the_permission_to_view_events() -> None:
    invoice = invoice_with_history()
    client = staff("orders.view_order", "payments.view_invoice")

    statuses = [client.get(address).status_code for address in (EXPORT, list_url(AuditEvent))]

    assert statuses == [403, 403]
    assert EXPORT not in client.get(page_url(invoice.order)).content.decode()
    assert staff("orders.view_auditevent").get(EXPORT).status_code == 200
    assert Client().get(EXPORT).status_code == 302


def test_audit_names_the_member_of_staff() -> None:
    order = OrderFactory.create(state=OrderState.PAID)
    client = superuser()

    run_action(client, "mark_as_served", order)

    page = client.get(list_url(AuditEvent), {"q": order.number}).content.decode()
    assert f"staff ({user_of(client).username})" in page


@pytest.mark.parametrize("model", [AuditEvent, Invoice, Order])
@pytest.mark.parametrize("term", ["", " ", "1005"])
def test_search_in_a_large_table_needs_no_second_query_for_duplicates(
    model: type[Model], term: str
) -> None:
    admin, request = site.get_model_admin(model), RequestFactory().get("/")

    _, may_repeat_rows = admin.get_search_results(request, model._default_manager.all(), term)

    assert not may_repeat_rows
