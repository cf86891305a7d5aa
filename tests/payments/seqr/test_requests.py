"""What the server receives."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

import payments.seqr
from payments.seqr import Amount, Invoice, InvoiceRow, SeqrClient
from tests.payments.seqr.conftest import PASSWORD
from tests.payments.seqr.hostile_server import HostileServer
from tests.payments.seqr.protocol_tables import REQUESTS, TYPES, Fields
from tests.payments.seqr.sample_answers import ISSUED, SENT, SESSION, answer

NAMESPACE = "http://external.interfaces.ers.seamless.com/"
SCHEMA = etree.XMLSchema(etree.parse(Path(payments.seqr.__file__).parent / "wsdl" / "messages.xsd"))
SEK = "SEK"

FULL_ROW = InvoiceRow(
    item_description="Kanelbulle <stor> & färsk ☕",
    item_quantity=Decimal("1E+1"),
    item_total_amount=Amount(Decimal("99999999.99"), SEK),
    item_unit_price=Amount(Decimal("0.01"), SEK),
    item_tax_rate=Decimal(12),
    item_unit="st",
    item_sku="B-1",
    item_ean="7310865004703",
    item_discount=Amount(Decimal(-1), SEK),
)

CALLS: dict[str, tuple[str, Callable[[SeqrClient, Invoice], object]]] = {
    "getClientSessionInfo": (
        SESSION,
        lambda client, _: client.get_client_session_info("0000002012-63506374"),
    ),
    "sendInvoice": (
        SENT,
        lambda client, invoice: client.send_invoice(replace(invoice, rows=(FULL_ROW, FULL_ROW))),
    ),
    "getPaymentStatus": (ISSUED, lambda client, _: client.get_payment_status("1001", 7)),
    "cancelInvoice": ("", lambda client, _: client.cancel_invoice("1001")),
}


def operation_element(server: HostileServer) -> etree._Element:
    """Return the operation's element of the last request."""
    envelope = etree.fromstring(server.requests[-1].body)
    assert envelope.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    body = envelope[-1]
    assert body.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Body"
    (element,) = body
    return element


def assert_follows(element: etree._Element, fields: Fields) -> None:
    """Hold the element's children against a table: names, order, number, and nothing qualified."""
    names = [name.rstrip("!*") for name, _ in fields]
    sent = [str(child.tag) for child in element]
    assert set(sent) <= set(names), element.tag
    assert sent == sorted(sent, key=names.index), element.tag
    for name, content in fields:
        children = element.findall(name.rstrip("!*"))
        assert len(children) <= 1 or name.endswith("*"), name
        assert children or not name.endswith("!"), name
        for child in children:
            if not isinstance(content, str):
                assert_follows(child, content)
            elif content in TYPES:
                assert_follows(child, TYPES[content])
            else:
                assert len(child) == 0, name


@pytest.mark.parametrize("operation", CALLS)
def test_a_request_is_what_schema_and_reference_ask_for(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    fields, call = CALLS[operation]
    hostile_server.answer_with(answer(operation, fields))

    call(client, invoice)

    element = operation_element(hostile_server)
    SCHEMA.assertValid(element)
    assert element.tag == f"{{{NAMESPACE}}}{operation}"
    assert_follows(element, REQUESTS[operation])


@pytest.mark.parametrize("operation", CALLS)
def test_a_request_carries_the_terminals_context(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    fields, call = CALLS[operation]
    hostile_server.answer_with(answer(operation, fields))

    call(client, invoice)
    first = operation_element(hostile_server)
    call(client, invoice)
    second = operation_element(hostile_server)

    context = {child.tag: child.text for child in first[0] if len(child) == 0}
    reference = context.pop("clientReference") or ""
    assert context == {
        "channel": "ClientWS",
        "clientId": "seqrshop 0.1",
        "clientRequestTimeout": "0",
        "password": PASSWORD,
    }
    assert first.findtext("context/initiatorPrincipalId/id") == "terminal-1"
    assert first.findtext("context/initiatorPrincipalId/type") == "TERMINALID"
    assert re.fullmatch(r"[0-9a-f]{32}", reference)
    assert second.findtext("context/clientReference") != reference


def test_a_request_is_posted_as_soap_1_1(client: SeqrClient, hostile_server: HostileServer) -> None:
    hostile_server.answer_with(answer("cancelInvoice"))

    client.cancel_invoice("1001")

    head = hostile_server.requests[0].head
    assert head.startswith("POST /soap HTTP/1.1\r\n")
    assert "\r\nContent-Type: text/xml; charset=utf-8\r\n" in head
    assert '\r\nSOAPAction: ""\r\n' in head


def test_numbers_are_plain_and_texts_unharmed(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))

    client.send_invoice(replace(invoice, rows=(FULL_ROW,)))

    row = operation_element(hostile_server).find("invoice/invoiceRows/invoiceRow")
    assert row is not None
    assert row.findtext("itemDescription") == "Kanelbulle <stor> & färsk ☕"
    assert row.findtext("itemQuantity") == "10"
    assert row.findtext("itemTaxRate") == "12"
    assert row.findtext("itemTotalAmount/value") == "99999999.99"
    assert row.findtext("itemUnitPrice/value") == "0.01"
    assert row.findtext("itemDiscount/value") == "-1.00"


def test_the_issue_date_carries_its_zone(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))
    summer_in_stockholm = timezone(timedelta(hours=2))

    client.send_invoice(
        replace(invoice, issue_date=datetime(2026, 7, 1, 9, 5, tzinfo=summer_in_stockholm))
    )

    sent = operation_element(hostile_server).findtext("invoice/issueDate")
    assert sent == "2026-07-01T09:05:00+02:00"


def test_characters_that_xml_cannot_hold_are_dropped(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))

    client.send_invoice(replace(invoice, title="Ka\x00f\x0bf\ufffee\ud800\tmed\nmjölk"))

    sent = operation_element(hostile_server).findtext("invoice/title")
    assert sent == "Kaffe\tmed\nmjölk"


def test_two_thousand_rows_are_sent(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))

    client.send_invoice(replace(invoice, rows=invoice.rows * 2_000))

    rows = operation_element(hostile_server).findall("invoice/invoiceRows/invoiceRow")
    assert len(rows) == 2_000


@pytest.mark.parametrize("version", [-1, 2**31])
def test_a_version_that_seqr_cannot_have_sent_is_refused(client: SeqrClient, version: int) -> None:
    with pytest.raises(ValueError, match="invoice_version"):
        client.get_payment_status("1001", version)


def test_a_question_about_no_invoice_is_refused(client: SeqrClient) -> None:
    with pytest.raises(ValueError, match="invoice_reference must not be empty"):
        client.get_payment_status("", 0)
    with pytest.raises(ValueError, match="invoice_reference must not be empty"):
        client.cancel_invoice("")
