"""Events and their sources in words: all that the code can write, in the language of the staff."""

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
from tests.staff import boss, list_url, page_url

IN_SWEDISH = {"Accept-Language": "sv"}


def happened(name: str, source: str) -> Invoice:
    """Return an invoice of which this is the whole history."""
    invoice: Invoice = InvoiceFactory.create(paid=True)
    record(
        lock_invoice(invoice.pk), name, ChangeSource(source), from_state="ISSUED", to_state="PAID"
    )
    return invoice


def test_every_event_that_can_be_written_has_words() -> None:
    with translation.override("sv"):
        left_as_they_are = {
            name for name in event_names() if event_in_words(name) == name.replace("_", " ")
        }

    assert left_as_they_are == set()


def test_every_source_that_can_be_written_has_words() -> None:
    with translation.override("sv"):
        left_as_they_are = {
            source for source in sources() if source_in_words(source) == source.replace("_", " ")
        }

    assert left_as_they_are == set()


def test_there_are_words_only_for_what_can_be_written() -> None:
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
def test_a_name_is_found_however_it_is_written(name: str) -> None:
    assert name in event_names()


def test_a_source_is_found_behind_the_thread_that_it_is_handed_to() -> None:
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
def test_a_composed_name_has_words_and_an_unknown_one_its_own(
    name: str, english: str, swedish: str
) -> None:
    with translation.override("en"):
        in_english = event_in_words(name)
    with translation.override("sv"):
        in_swedish = event_in_words(name)

    assert (in_english, in_swedish) == (english, swedish)


@pytest.mark.django_db
def test_swedish_staff_read_an_invoices_history_in_swedish() -> None:
    invoice = happened("payment_confirmed", "poller")

    page = boss().get(page_url(invoice), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    words = ("betalning bekräftad", "avfrågning", "utfärdad", "betald")
    assert (line.name, line.source, line.from_state, line.to_state) == words
    assert "<td>betalning bekräftad</td>" in page.content.decode()


@pytest.mark.django_db
def test_swedish_staff_read_the_audit_in_swedish_but_for_the_names_of_seqrs_operations() -> None:
    invoice = happened("cancel_refused_as_paid", "sweep")
    call = CallRecord("cancelInvoice", "0123abcd", 12, 50, "SEQR said no")
    record_call(call, invoice.order_id, ChangeSource("staff"))

    page = boss().get(list_url(AuditEvent), headers=IN_SWEDISH)

    shown = page.content.decode()
    for text in ("avbröts inte, den är betald", "genomgång", "cancelInvoice", "personal"):
        assert f">{text}</td>" in shown


@pytest.mark.django_db
def test_swedish_staff_read_a_cases_history_in_swedish() -> None:
    invoice = InvoiceFactory.create(paid=True)
    case = open_case(
        CaseKind.SECOND_PAYMENT, ChangeSource("notification"), "twice", invoice=invoice
    )
    assert case is not None

    page = boss().get(page_url(case), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    words = ("ärende öppnat: dubbel betalning av en beställning", "öppet ärende")
    assert (line.name, line.to_state) == words
    assert line.source == "SEQR:s avisering"


@pytest.mark.django_db
def test_the_export_keeps_the_names_whatever_the_language() -> None:
    happened("payment_confirmed", "send_invoice")

    response = boss().get("/admin/orders/auditevent/export/", headers=IN_SWEDISH)

    content = response.getvalue().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(content, newline=""))
    assert (line["event"], line["source"]) == ("payment_confirmed", "send_invoice")
    assert (line["from"], line["to"]) == ("ISSUED", "PAID")
