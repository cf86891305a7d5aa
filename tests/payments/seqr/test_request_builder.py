"""The requests that SEQR receives."""

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
from payments.seqr import Amount, ReceiptDocument, ReportId, SeqrClient
from tests.payments.seqr.conftest import PASSWORD, RESELLER_PASSWORD, Send
from tests.payments.seqr.reference_schema import REQUESTS, TYPES, Fields
from tests.payments.seqr.sample_calls import (
    FULL_ROW,
    INVOICE,
    MINIMAL_INVOICE,
    RECEIPT,
    SAMPLE_CALLS,
    SPECIAL_TEXT,
    SampleCall,
    every_operation,
    fetch_report,
)
from tests.payments.seqr.sample_responses import seqr_response
from tests.payments.seqr.scripted_server import ScriptedServer

NAMESPACE = "http://external.interfaces.ers.seamless.com/"
SCHEMA = etree.XMLSchema(etree.parse(Path(payments.seqr.__file__).parent / "wsdl" / "messages.xsd"))
UNUSED_ELEMENTS = {"clientComment"}  # The reference has them; the shop never sends them.


def assert_matches(element: etree._Element, fields: Fields, *, complete: bool) -> None:
    """Assert that the children have the fields' names, order and number, all unqualified.

    `complete` requires every field.
    """
    names = [name.rstrip("!*") for name, _ in fields]
    sent = [str(child.tag) for child in element]
    assert set(sent) <= set(names), element.tag
    assert sent == sorted(sent, key=names.index), element.tag
    assert not complete or set(names) - set(sent) <= UNUSED_ELEMENTS, element.tag
    for name, content in fields:
        children = element.findall(name.rstrip("!*"))
        assert len(children) <= 1 or name.endswith("*"), name
        assert children or not name.endswith("!"), name
        for child in children:
            if not isinstance(content, str):
                assert_matches(child, content, complete=complete)
            elif content in TYPES:
                # A terminal's principal has no user id.
                assert_matches(
                    child, TYPES[content], complete=complete and content != "principalId"
                )
            else:
                assert len(child) == 0, name


def test_every_operation_has_a_sample_call() -> None:
    public = {name for name in vars(SeqrClient) if not name.startswith("_")}

    assert set(SAMPLE_CALLS) == set(REQUESTS)
    assert len(public) == len(SAMPLE_CALLS)


@every_operation
def test_request_matches_schema_and_reference(call: SampleCall, send: Send) -> None:
    for make_call in (call.minimal, call.full):
        element = send(call.operation, make_call)

        SCHEMA.assertValid(element)
        assert element.tag == f"{{{NAMESPACE}}}{call.operation}"
        assert_matches(element, REQUESTS[call.operation], complete=make_call is call.full)


@every_operation
def test_request_carries_the_context_of_its_principal(call: SampleCall, send: Send) -> None:
    first = send(call.operation, call.minimal)
    second = send(call.operation, call.minimal)

    context = {child.tag: child.text for child in first[0] if len(child) == 0}
    principal = {child.tag: child.text for child in first[0].iterfind("initiatorPrincipalId/*")}
    reference = context.pop("clientReference") or ""
    assert context == {
        "channel": "ClientWS",
        "clientId": "seqrshop 0.1",
        "clientRequestTimeout": "0",
        "password": RESELLER_PASSWORD if call.by_reseller else PASSWORD,
    }
    if call.by_reseller:
        assert principal == {"id": "reseller-1", "type": "RESELLERUSER", "userId": "9900"}
    else:
        assert principal == {"id": "terminal-1", "type": "TERMINALID"}
    assert re.fullmatch(r"[0-9a-f]{32}", reference)
    assert second.findtext("context/clientReference") != reference


def test_request_is_posted_as_soap_1_1(client: SeqrClient, server: ScriptedServer) -> None:
    server.respond_with(seqr_response("cancelInvoice"))

    client.cancel_invoice("1001")

    head = server.requests[0].head
    assert head.startswith("POST /soap HTTP/1.1\r\n")
    assert "\r\nContent-Type: text/xml; charset=utf-8\r\n" in head
    assert '\r\nSOAPAction: ""\r\n' in head


def test_numbers_are_in_plain_notation_and_texts_unchanged(send: Send) -> None:
    invoice = replace(INVOICE, rows=(FULL_ROW,))

    element = send("sendInvoice", lambda client: client.send_invoice(invoice))

    row = element.find("invoice/invoiceRows/invoiceRow")
    assert row is not None
    assert row.findtext("itemDescription") == SPECIAL_TEXT
    assert row.findtext("itemQuantity") == "10"
    assert row.findtext("itemTaxRate") == "12"
    assert row.findtext("itemTotalAmount/value") == "99999999.99"
    assert row.findtext("itemUnitPrice/value") == "0.01"
    assert row.findtext("itemDiscount/value") == "-1.00"


def test_issue_date_has_its_time_zone(send: Send) -> None:
    summer_in_stockholm = timezone(timedelta(hours=2))
    invoice = replace(INVOICE, issue_date=datetime(2026, 7, 1, 9, 5, tzinfo=summer_in_stockholm))

    element = send("sendInvoice", lambda client: client.send_invoice(invoice))

    assert element.findtext("invoice/issueDate") == "2026-07-01T09:05:00+02:00"


def test_characters_that_xml_does_not_allow_are_dropped(send: Send) -> None:
    invoice = replace(INVOICE, title="Ka\x00f\x0bf\ufffee\ud800\tmed\nmjölk")

    element = send("sendInvoice", lambda client: client.send_invoice(invoice))

    assert element.findtext("invoice/title") == "Kaffe\tmed\nmjölk"


def test_ten_thousand_rows_are_sent(send: Send) -> None:
    invoice = replace(INVOICE, rows=INVOICE.rows * 10_000)

    element = send("sendInvoice", lambda client: client.send_invoice(invoice))

    SCHEMA.assertValid(element)
    assert len(element.findall("invoice/invoiceRows/invoiceRow")) == 10_000


@pytest.mark.parametrize("value", ["0.01", "99999999.99"])
def test_small_and_large_amounts_are_sent_exactly(send: Send, value: str) -> None:
    amount = Amount(Decimal(value), "SEK")
    invoice = replace(INVOICE, total_amount=amount)

    refund = send("refundPayment", lambda client: client.refund_payment("1", invoice))
    commit = send("commitReservation", lambda client: client.commit_reservation("1", amount))

    assert refund.findtext("invoice/totalAmount/value") == value
    assert commit.findtext("amount/value") == value


def test_omitted_elements_are_not_sent_empty(send: Send) -> None:
    update = send("updateInvoice", lambda client: client.update_invoice("1", MINIMAL_INVOICE))
    mark = send("markTransactionPeriod", lambda client: client.mark_transaction_period())

    sent = {child.tag for child in update.iterfind("invoice/*")}
    assert sent.isdisjoint({"notificationUrl", "backURL", "commitReservationTimeout"})
    assert [child.tag for child in update] == ["context", "invoiceReference", "invoice"]
    assert [child.tag for child in mark] == ["context"]


def test_receipt_is_sent_byte_for_byte(send: Send) -> None:
    receipt = replace(RECEIPT, receipt_data=bytes(range(256)) * 100)

    element = send(
        "submitPaymentReceipt", lambda client: client.submit_payment_receipt("1", receipt)
    )

    sent = element.findtext("receiptDocument/receiptData") or ""
    assert b64decode(sent, validate=True) == receipt.receipt_data


def test_report_is_requested_for_its_period_and_terminal(send: Send) -> None:
    element = send(
        "executeReport",
        lambda client: fetch_report(
            client, ReportId.TERMINAL_TRANSACTIONS, "period-1", "t1", language="sv"
        ),
    )

    entries = element.findall("parameters/parameter/entry")
    assert element.findtext("reportId") == "Reconciliation/STD_RECON_007.xml"
    assert element.findtext("language") == "sv"
    assert [(entry.findtext("key"), entry.findtext("value")) for entry in entries] == [
        ("transactionPeriodId", "period-1"),
        ("TERMINALID", "t1"),
    ]


@pytest.mark.parametrize("version", [-1, 2**31])
def test_version_outside_seqrs_range_is_refused(client: SeqrClient, version: int) -> None:
    with pytest.raises(ValueError, match="invoice_version"):
        client.get_payment_status("1001", version)


def test_empty_arguments_are_refused_before_anything_is_sent(
    client: SeqrClient, server: ScriptedServer
) -> None:
    refused: dict[str, list[Callable[[], object]]] = {
        "invoice_reference must not be empty": [
            lambda: client.get_payment_status("", 0),
            lambda: client.cancel_invoice(""),
            lambda: client.update_invoice("", INVOICE),
            lambda: client.commit_reservation("", Amount(Decimal(1), "SEK")),
        ],
        "ers_reference must not be empty": [
            lambda: client.submit_payment_receipt("", RECEIPT),
            lambda: client.refund_payment("", INVOICE),
        ],
        "terminal_id must not be empty": [
            lambda: client.mark_transaction_period(""),  # would close the whole shop's period
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

    for message, calls in refused.items():
        for call in calls:
            with pytest.raises(ValueError, match=message):
                call()

    assert server.requests == []


@pytest.mark.parametrize("value", ["0", "-0.01"])
def test_refund_of_zero_or_less_is_refused(
    client: SeqrClient, server: ScriptedServer, value: str
) -> None:
    invoice = replace(INVOICE, total_amount=Amount(Decimal(value), "SEK"))

    with pytest.raises(ValueError, match="A refund must be above 0"):
        client.refund_payment("1", invoice)

    assert server.requests == []
