"""Event names and sources have labels in the language of the staff."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import TextChoices
from django.utils import translation

from orders.audit import ChangeSource, record_event
from orders.models import AuditEvent, EventName, OrderState, SourceName, SubjectType
from payments.call_audit import record_call
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice
from payments.models import CaseKind, Invoice
from payments.seqr import CallRecord
from tests.factories import InvoiceFactory
from tests.staff import list_url, page_url, superuser

IN_SWEDISH = {"Accept-Language": "sv"}


def invoice_with_event(name: EventName, source: SourceName) -> Invoice:
    """Return an invoice whose history is this one event."""
    invoice: Invoice = InvoiceFactory.create(paid=True)
    record_event(
        lock_invoice(invoice.pk), name, ChangeSource(source), from_state="ISSUED", to_state="PAID"
    )
    return invoice


@pytest.mark.parametrize("names", [EventName, SourceName])
def test_every_name_has_its_own_label_in_both_languages(names: type[TextChoices]) -> None:
    labels = {}
    for language in ("en", "sv"):
        with translation.override(language):
            labels[language] = {str(name.label) for name in names}

    untranslated = labels["en"] & labels["sv"] - {"poller"}
    assert untranslated == set()
    assert [len(each) for each in labels.values()] == [len(names), len(names)]


@pytest.mark.parametrize("state", OrderState)
def test_every_order_state_has_an_event_name(state: OrderState) -> None:
    assert f"order_{state}" in EventName.values


@pytest.mark.parametrize("kind", CaseKind)
def test_every_case_kind_has_an_event_name(kind: CaseKind) -> None:
    assert f"{kind}_case" in EventName.values


@pytest.mark.django_db
@pytest.mark.parametrize("unknown", [{"name": "misspelt"}, {"source": "misspelt"}])
def test_database_refuses_an_unknown_name_or_source(unknown: dict[str, Any]) -> None:
    known = {"name": EventName.SENT, "source": SourceName.POLLER}

    with pytest.raises(IntegrityError, match=r"event_(name|source)_known"):
        AuditEvent.objects.create(subject_type=SubjectType.INVOICE, **(known | unknown))


@pytest.mark.django_db
def test_swedish_staff_read_an_invoices_history_in_swedish() -> None:
    invoice = invoice_with_event(EventName.PAYMENT_CONFIRMED, SourceName.POLLER)

    page = superuser().get(page_url(invoice), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    labels = ("betalning bekräftad", "avfrågning", "utfärdad", "betald")
    assert (line.name, line.source, line.from_state, line.to_state) == labels
    assert "<td>betalning bekräftad</td>" in page.content.decode()


@pytest.mark.django_db
def test_swedish_staff_read_the_audit_in_swedish_but_for_the_names_of_seqrs_operations() -> None:
    invoice = invoice_with_event(EventName.CANCEL_REFUSED_AS_PAID, SourceName.RECOVERY)
    call = CallRecord("cancelInvoice", "0123abcd", 12, 50, "SEQR said no")
    record_call(call, invoice.order_id, ChangeSource(SourceName.STAFF))

    page = superuser().get(list_url(AuditEvent), headers=IN_SWEDISH)

    shown = page.content.decode()
    for text in ("avbröts inte: den är betald", "återhämtning", "cancelInvoice", "personal"):
        assert f">{text}</td>" in shown


@pytest.mark.django_db
def test_swedish_staff_read_a_cases_history_in_swedish() -> None:
    invoice = InvoiceFactory.create(paid=True)
    case = open_case(
        CaseKind.DUPLICATE_PAYMENT, ChangeSource(SourceName.NOTIFICATION), "twice", invoice=invoice
    )
    assert case is not None

    page = superuser().get(page_url(case), headers=IN_SWEDISH)

    (line,) = page.context["history"]
    labels = ("ärende öppnat: dubbel betalning av en beställning", "öppet ärende")
    assert (line.name, line.to_state) == labels
    assert line.source == "SEQR:s avisering"


@pytest.mark.django_db
def test_export_keeps_the_stored_names_whatever_the_language() -> None:
    invoice_with_event(EventName.PAYMENT_CONFIRMED, SourceName.SEND_INVOICE)

    response = superuser().get("/admin/orders/auditevent/export/", headers=IN_SWEDISH)

    content = response.getvalue().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(content, newline=""))
    assert (line["event"], line["source"]) == ("payment_confirmed", "send_invoice")
    assert (line["from"], line["to"]) == ("ISSUED", "PAID")
