"""Requests arrive unchanged; every response becomes a value or a SeqrError."""

import datetime as dt
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from payments.seqr import (
    Amount,
    CustomerToken,
    InvoiceRow,
    ReceiptDocument,
    ReportId,
    SentInvoice,
    SeqrClient,
    SeqrError,
)
from tests.payments.seqr.conftest import ReadStatus, Send
from tests.payments.seqr.sample_calls import INVOICE, SAMPLE_CALLS, fetch_report
from tests.payments.seqr.sample_responses import (
    PAID_FIELDS,
    SENT_INVOICE_FIELDS,
    seqr_response,
    status_response,
)
from tests.payments.seqr.scripted_server import ScriptedServer, http_response

# The fixtures keep no state between examples.
examples = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

texts = st.text(st.characters(codec=None), max_size=60)
amounts = st.builds(
    Amount,
    st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2),
    st.sampled_from(["SEK", "EUR", "RON"]),
)
rows = st.builds(
    InvoiceRow,
    item_description=texts,
    item_quantity=st.decimals(0, 10**6, places=3),
    item_total_amount=amounts,
    item_unit_price=st.none() | amounts,
    item_tax_rate=st.none() | st.decimals(0, 100, places=1),
    item_unit=st.none() | texts,
)
dates = st.integers(946_684_800, 4_102_444_800).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)
)


def expected_text(text: str | None) -> str:
    """Return the characters that XML 1.0 allows. Source: XML 1.0, production 2."""
    ranges = ((0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
    return "".join(
        character
        for character in text or ""
        if character in "\t\n\r" or any(low <= ord(character) <= high for low, high in ranges)
    )


def number(element: etree._Element, path: str) -> Decimal:
    text = element.findtext(path) or ""
    assert set(text) <= set("-0123456789."), text
    return Decimal(text)


@examples
@given(data=st.data())
def test_invoice_arrives_unchanged(
    client: SeqrClient, server: ScriptedServer, data: st.DataObject
) -> None:
    server.respond_with(seqr_response("sendInvoice", SENT_INVOICE_FIELDS))
    drawn = replace(
        INVOICE,
        title=data.draw(texts),
        footer=data.draw(texts),
        issue_date=data.draw(dates),
        total_amount=data.draw(amounts),
        rows=tuple(data.draw(st.lists(rows, max_size=4))),
    )

    sent = client.send_invoice(drawn)

    received = etree.fromstring(server.requests[-1].body).find(".//invoice")
    assert received is not None
    assert sent == SentInvoice("1001", "HTTP://SEQR.SE/R1001")
    assert received.findtext("title") == expected_text(drawn.title)
    assert received.findtext("footer") == expected_text(drawn.footer)
    assert dt.datetime.fromisoformat(received.findtext("issueDate") or "") == drawn.issue_date
    assert number(received, "totalAmount/value") == drawn.total_amount.value
    assert received.findtext("totalAmount/currency") == drawn.total_amount.currency
    arrived = received.findall("invoiceRows/invoiceRow")
    assert len(arrived) == len(drawn.rows)
    for row, element in zip(drawn.rows, arrived, strict=True):
        assert element.findtext("itemDescription") == expected_text(row.item_description)
        assert number(element, "itemQuantity") == row.item_quantity
        assert number(element, "itemTotalAmount/value") == row.item_total_amount.value
        assert (element.find("itemUnitPrice") is None) == (row.item_unit_price is None)
        assert (element.findtext("itemUnit") or "") == expected_text(row.item_unit)


@settings(examples, max_examples=15)
@given(data=st.data())
def test_arguments_of_every_operation_arrive_unchanged(send: Send, data: st.DataObject) -> None:
    text, other, third = (data.draw(texts.filter(bool)) for _ in range(3))
    amount, content = data.draw(amounts), data.draw(st.binary(min_size=1, max_size=200))
    token = CustomerToken(text, other, data.draw(st.integers(0, 99)), third)
    receipt = ReceiptDocument(text, content, other)

    update = send("updateInvoice", lambda client: client.update_invoice(text, INVOICE, (token,)))
    assert update.findtext("invoiceReference") == expected_text(text)
    assert update.findtext("tokens/id") == expected_text(text)
    assert update.findtext("tokens/description") == expected_text(other)
    assert update.findtext("tokens/status") == str(token.status)
    assert update.findtext("tokens/value") == expected_text(third)
    commit = send("commitReservation", lambda client: client.commit_reservation(text, amount))
    assert commit.findtext("invoiceReference") == expected_text(text)
    assert number(commit, "amount/value") == amount.value
    submit = send(
        "submitPaymentReceipt",
        lambda client: client.submit_payment_receipt(third, receipt),
    )
    assert submit.findtext("ersReference") == expected_text(third)
    assert submit.findtext("receiptDocument/mimeType") == expected_text(text)
    assert b64decode(submit.findtext("receiptDocument/receiptData") or "") == content
    assert submit.findtext("receiptDocument/receiptType") == expected_text(other)
    report = send(
        "executeReport",
        lambda client: fetch_report(client, ReportId.SHOP, text, other, language=third),
    )
    assert report.findtext("language") == expected_text(third)
    assert [value.text or "" for value in report.iterfind(".//value")] == [
        expected_text(text),
        expected_text(other),
    ]
    register = send("registerTerminal", lambda client: client.register_terminal(text, other, third))
    assert register.findtext("externalTerminalId") == expected_text(text)
    assert register.findtext("password") == expected_text(other)
    assert register.findtext("name") == expected_text(third)


@examples
@given(body=st.binary(max_size=300))
def test_any_body_raises_a_seqr_error(read_status: ReadStatus, body: bytes) -> None:
    with pytest.raises(SeqrError):
        read_status(http_response(body))


@examples
@given(stream=st.binary(max_size=300), start=st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 "]))
def test_any_bytes_on_the_wire_raise_a_seqr_error(
    client: SeqrClient, server: ScriptedServer, stream: bytes, start: bytes
) -> None:
    server.respond_and_close(start + stream)

    with pytest.raises(SeqrError):
        client.get_payment_status("1001", 0)


fragments = st.binary(max_size=6) | st.sampled_from(
    [b"<", b"</return>", b"<status>", b"&amp;", b"&x;", b"-", b"9" * 50, b"<!--", b"]]>", b"<x/>"]
)


@examples
@given(data=st.data())
def test_damaged_response_raises_no_other_exception(
    client: SeqrClient, server: ScriptedServer, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(["getPaymentStatus", *SAMPLE_CALLS]))
    call = SAMPLE_CALLS[operation]
    response = status_response(PAID_FIELDS) if operation == "getPaymentStatus" else call.response
    body = response.partition(b"\r\n\r\n")[2]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    server.respond_with(http_response(body[:start] + data.draw(fragments) + body[end:]))
    earlier_requests = len(server.requests)

    with suppress(SeqrError):
        call.minimal(client)

    assert len(server.requests) == earlier_requests + 1
