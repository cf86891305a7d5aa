"""Events and their sources are translated into the language of the staff."""

from __future__ import annotations

import csv
import io

import pytest
from django.utils import translation

from orders.audit import ChangeSource
from orders.models import AuditEvent
from payments.call_audit import record_call
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice, record
from payments.models import CaseKind, Invoice
from payments.seqr import CallRecord
from seqrshop.backoffice.event_words import EVENTS, SOURCES, event_in_words, source_in_words
from tests.backoffice.written_events import event_names, sources
from tests.factories import InvoiceFactory
from tests.staff import list_url, page_url, superuser

IN_SWEDISH = {"Accept-Language": "sv"}


def invoice_with_event(name: str, source: str) -> Invoice:
    """Return an invoice whose history is this one event."""
    invoice: Invoice = InvoiceFactory.create(paid=True)
    record(
        lock_invoice(invoice.pk), name, ChangeSource(source), from_state="ISSUED", to_state="PAID"
    )
    return invoice


def test_every_recordable_event_is_translated() -> None:
    with translation.override("sv"):
        untranslated = {
            name for name in event_names() if event_in_words(name) == name.replace("_", " ")
        }

    assert untranslated == set()


def test_every_recordable_source_is_translated() -> None:
    with translation.override("sv"):
        untranslated = {
            source for source in sources() if source_in_words(source) == source.replace("_", " ")
        }

    assert untranslated == set()


def test_only_recordable_events_and_sources_have_translations() -> None:
    assert EVENTS.keys() - event_names() == set()
    assert SOURCES.keys() - sources() == set()


@pytest.mark.parametrize(
    "name",
    [
        "receipt_accepted",  # a literal
        "stray_reference_left",  # a variable, one of two
        "cancel_put_off",  # a parameter
        "probe_unanswered",  # a parameter of another
        "payment_confirmed",  # of a table
        "order_partly_refunded",  # composed
    ],
)
def test_event_name_is_found_in_every_form_of_code(name: str) -> None:
    assert name in event_names()


def test_source_passed_to_a_thread_is_found() -> None:
    assert {"page", "notification"} <= sources()


@pytest.mark.parametrize(
    ("name", "english", "swedish"),
    [
        (
            "order_awaiting_payment",
            "new state: awaiting payment",
            "nytt läge: väntar på betalning",
        ),
        (
            "second_payment_case",
            "case opened: duplicate payment of an order",
            "ärende öppnat: dubbel betalning av en beställning",
        ),
        ("written_long_ago", "written long ago", "written long ago"),
        ("order_lost", "order lost", "order lost"),
        ("lost_case", "lost case", "lost case"),
    ],
)
def test_composed_event_is_translated_and_unknown_event_keeps_its_name(
    name: str, english: str, swedish: str
) -> None:
    with translation.override("en"):
        in_english = event_in_words(name)
    with translation.override("sv"):
        in_swedish = event_in_words(name)

    assert (in_english, in_swedish) == (english, swedish)


@pytest.mark.django_db
def test_payment_history_is_swedish_for_swedish_staff() -> None:
    invoice = invoice_with_event("payment_confirmed", "poller")

    page = superuser().get(page_url(invoice), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    words = ("betalning bekräftad", "avfrågning", "utfärdad", "betald")
    assert (line.name, line.source, line.from_state, line.to_state) == words
    assert "<td>betalning bekräftad</td>" in page.content.decode()


@pytest.mark.django_db
def test_audit_is_swedish_except_the_names_of_seqrs_operations() -> None:
    invoice = invoice_with_event("cancel_refused_as_paid", "sweep")
    call = CallRecord("cancelInvoice", "0123abcd", 12, 50, "SEQR said no")
    record_call(call, invoice.order_id, ChangeSource("staff"))

    page = superuser().get(list_url(AuditEvent), headers=IN_SWEDISH)

    shown = page.content.decode()
    for text in ("avbröts inte, den är betald", "genomgång", "cancelInvoice", "personal"):
        assert f">{text}</td>" in shown


@pytest.mark.django_db
def test_case_history_is_swedish_for_swedish_staff() -> None:
    invoice = InvoiceFactory.create(paid=True)
    case = open_case(
        CaseKind.SECOND_PAYMENT, ChangeSource("notification"), "twice", invoice=invoice
    )
    assert case is not None

    page = superuser().get(page_url(case), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    words = ("ärende öppnat: dubbel betalning av en beställning", "öppet ärende")
    assert (line.name, line.to_state) == words
    assert line.source == "SEQR:s avisering"


@pytest.mark.django_db
def test_export_keeps_event_names_in_every_language() -> None:
    invoice_with_event("payment_confirmed", "send_invoice")

    response = superuser().get("/admin/orders/auditevent/export/", headers=IN_SWEDISH)

    content = response.getvalue().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(content, newline=""))
    assert (line["event"], line["source"]) == ("payment_confirmed", "send_invoice")
    assert (line["from"], line["to"]) == ("ISSUED", "PAID")
