"""What the server receives."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

import payments.seqr
from payments.seqr import Amount, Invoice, ReceiptDocument, ReportId, SeqrClient
from tests.payments.seqr.conftest import PASSWORD, RESELLER_PASSWORD
from tests.payments.seqr.hostile_server import HostileServer
from tests.payments.seqr.protocol_tables import REQUESTS, TYPES, Fields
from tests.payments.seqr.sample_answers import SENT, answer
from tests.payments.seqr.sample_calls import AWKWARD, FULL_ROW, RECEIPT, SAMPLES, bare

NAMESPACE = "http://external.interfaces.ers.seamless.com/"
SCHEMA = etree.XMLSchema(etree.parse(Path(payments.seqr.__file__).parent / "wsdl" / "messages.xsd"))
# Elements of the reference that a shop has no use for.
NEVER_SENT = {"clientComment"}


def operation_element(server: HostileServer) -> etree._Element:
    """Return the operation's element of the last request."""
    envelope = etree.fromstring(server.requests[-1].body)
    assert envelope.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    body = envelope[-1]
    assert body.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Body"
    (element,) = body
    return element


def assert_follows(element: etree._Element, fields: Fields, *, complete: bool = False) -> None:
    """Hold the element's children against a table: names, order, number, and nothing qualified.

    `complete`: all that the table names must be there.
    """
    names = [name.rstrip("!*") for name, _ in fields]
    sent = [str(child.tag) for child in element]
    assert set(sent) <= set(names), element.tag
    assert sent == sorted(sent, key=names.index), element.tag
    assert not complete or set(names) - set(sent) <= NEVER_SENT, element.tag
    for name, content in fields:
        children = element.findall(name.rstrip("!*"))
        assert len(children) <= 1 or name.endswith("*"), name
        assert children or not name.endswith("!"), name
        for child in children:
            if not isinstance(content, str):
                assert_follows(child, content, complete=complete)
            elif content in TYPES:
                # A terminal has no user.
                complete_child = complete and content != "principalId"
                assert_follows(child, TYPES[content], complete=complete_child)
            else:
                assert len(child) == 0, name


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_is_what_schema_and_reference_ask_for(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    sample = SAMPLES[operation]
    hostile_server.answer_with(sample.answer(operation))

    for call in (sample.least, sample.most):
        call(client, invoice)

        element = operation_element(hostile_server)
        SCHEMA.assertValid(element)
        assert element.tag == f"{{{NAMESPACE}}}{operation}"
        assert_follows(element, REQUESTS[operation], complete=call is sample.most)


def test_every_operation_has_its_sample() -> None:
    public = {name for name in vars(SeqrClient) if not name.startswith("_")} - {"heard_by"}

    assert set(SAMPLES) == set(REQUESTS)
    assert len(public) == len(SAMPLES)


@pytest.mark.parametrize("operation", SAMPLES)
def test_a_request_carries_the_context_of_its_principal(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    sample = SAMPLES[operation]
    hostile_server.answer_with(sample.answer(operation))

    sample.least(client, invoice)
    first = operation_element(hostile_server)
    sample.least(client, invoice)
    second = operation_element(hostile_server)

    context = {child.tag: child.text for child in first[0] if len(child) == 0}
    principal = {child.tag: child.text for child in first[0].iterfind("initiatorPrincipalId/*")}
    reference = context.pop("clientReference") or ""
    assert context == {
        "channel": "ClientWS",
        "clientId": "seqrshop 0.1",
        "clientRequestTimeout": "0",
        "password": RESELLER_PASSWORD if sample.by_reseller else PASSWORD,
    }
    if sample.by_reseller:
        assert principal == {"id": "reseller-1", "type": "RESELLERUSER", "userId": "9900"}
    else:
        assert principal == {"id": "terminal-1", "type": "TERMINALID"}
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
    assert row.findtext("itemDescription") == AWKWARD
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


def test_ten_thousand_rows_are_sent(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))

    client.send_invoice(replace(invoice, rows=invoice.rows * 10_000))

    element = operation_element(hostile_server)
    SCHEMA.assertValid(element)
    assert len(element.findall("invoice/invoiceRows/invoiceRow")) == 10_000


@pytest.mark.parametrize("value", ["0.01", "99999999.99"])
def test_small_and_large_amounts_are_sent_to_the_last_digit(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice, value: str
) -> None:
    amount = Amount(Decimal(value), "SEK")
    hostile_server.answer_with(SAMPLES["refundPayment"].answer("refundPayment"))
    client.refund_payment("1", replace(invoice, total_amount=amount))
    refunded = operation_element(hostile_server).findtext("invoice/totalAmount/value")
    hostile_server.answer_with(answer("commitReservation"))
    client.commit_reservation("1", amount)
    committed = operation_element(hostile_server).findtext("amount/value")

    assert (refunded, committed) == (value, value)


def test_what_is_left_out_is_not_sent_empty(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("updateInvoice"))
    client.update_invoice("1", bare(invoice))
    update = operation_element(hostile_server)
    sample = SAMPLES["markTransactionPeriod"]
    hostile_server.answer_with(sample.answer("markTransactionPeriod"))
    client.mark_transaction_period()
    mark = operation_element(hostile_server)

    sent = {child.tag for child in update.iterfind("invoice/*")}
    assert sent.isdisjoint({"notificationUrl", "backURL", "commitReservationTimeout"})
    assert [child.tag for child in update] == ["context", "invoiceReference", "invoice"]
    assert [child.tag for child in mark] == ["context"]


def test_a_receipt_arrives_byte_for_byte(client: SeqrClient, hostile_server: HostileServer) -> None:
    every_byte = bytes(range(256)) * 100
    hostile_server.answer_with(answer("submitPaymentReceipt"))

    client.submit_payment_receipt("1", replace(RECEIPT, receipt_data=every_byte))

    sent = operation_element(hostile_server).findtext("receiptDocument/receiptData") or ""
    assert b64decode(sent, validate=True) == every_byte


def test_a_report_is_asked_for_with_its_period_and_terminal(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(SAMPLES["executeReport"].answer("executeReport"))

    client.execute_report(ReportId.TERMINAL_TRANSACTIONS, "period-1", "t1", language="sv")

    element = operation_element(hostile_server)
    entries = element.findall("parameters/parameter/entry")
    assert element.findtext("reportId") == "Reconciliation/STD_RECON_007.xml"
    assert element.findtext("language") == "sv"
    assert [(entry.findtext("key"), entry.findtext("value")) for entry in entries] == [
        ("transactionPeriodId", "period-1"),
        ("TERMINALID", "t1"),
    ]


@pytest.mark.parametrize("version", [-1, 2**31])
def test_a_version_that_seqr_cannot_have_sent_is_refused(client: SeqrClient, version: int) -> None:
    with pytest.raises(ValueError, match="invoice_version"):
        client.get_payment_status("1001", version)


def test_a_request_about_nothing_is_refused(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    amount = Amount(Decimal(1), "SEK")
    refused: dict[str, list[Callable[[], object]]] = {
        "invoice_reference must not be empty": [
            lambda: client.get_payment_status("", 0),
            lambda: client.cancel_invoice(""),
            lambda: client.update_invoice("", invoice),
            lambda: client.commit_reservation("", amount),
        ],
        "ers_reference must not be empty": [
            lambda: client.submit_payment_receipt("", RECEIPT),
            lambda: client.refund_payment("", invoice),
        ],
        "terminal_id must not be empty": [
            # It would close the whole shop's period.
            lambda: client.mark_transaction_period(""),
            lambda: client.execute_report(ReportId.SHOP, "1", ""),
            lambda: client.execute_report(ReportId.TERMINAL_SUMMARY, "1"),
            lambda: client.execute_report(ReportId.TERMINAL_TRANSACTIONS, "1"),
        ],
        "transaction_period_id must not be empty": [
            lambda: client.execute_report(ReportId.SHOP, "")
        ],
        "external_terminal_id must not be empty": [lambda: client.register_terminal("", "p", "n")],
        "password must not be empty": [lambda: client.register_terminal("1", "", "n")],
        "name must not be empty": [lambda: client.register_terminal("1", "p", "")],
        "seqr_id must not be empty": [lambda: client.assign_seqr_id("")],
        "A receipt needs": [
            lambda: ReceiptDocument("", b"x", "html"),
            lambda: ReceiptDocument("text/html", b"", "html"),
            lambda: ReceiptDocument("text/html", b"x", ""),
        ],
    }

    for sentence, calls in refused.items():
        for call in calls:
            with pytest.raises(ValueError, match=sentence):
                call()

    assert hostile_server.requests == []


@pytest.mark.parametrize("value", ["0", "-0.01"])
def test_a_refund_of_nothing_or_less_is_refused(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice, value: str
) -> None:
    negative = replace(invoice, total_amount=Amount(Decimal(value), "SEK"))

    with pytest.raises(ValueError, match="A refund must be above 0"):
        client.refund_payment("1", negative)

    assert hostile_server.requests == []
