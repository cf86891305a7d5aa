"""What the shop says arrives as it is; what SEQR answers ends in a value or a SeqrError."""

import datetime as dt
from base64 import b64decode
from collections.abc import Callable
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
    Invoice,
    InvoiceRow,
    ReceiptDocument,
    ReportId,
    SentInvoice,
    SeqrClient,
    SeqrError,
)
from tests.payments.seqr.hostile_server import HostileServer, http
from tests.payments.seqr.sample_answers import PAID, SENT, answer
from tests.payments.seqr.sample_calls import SAMPLES

# The fixtures hold no state that one example could leave to the next.
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
moments = st.integers(946_684_800, 4_102_444_800).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)
)


def speakable(text: str | None) -> str:
    """Return what XML 1.0 can hold of `text`. Source: XML 1.0, production 2."""
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
def test_an_invoice_arrives_as_it_is(
    client: SeqrClient,
    hostile_server: HostileServer,
    invoice: Invoice,
    data: st.DataObject,
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))
    drawn = replace(
        invoice,
        title=data.draw(texts),
        footer=data.draw(texts),
        issue_date=data.draw(moments),
        total_amount=data.draw(amounts),
        rows=tuple(data.draw(st.lists(rows, max_size=4))),
    )

    sent = client.send_invoice(drawn)

    received = etree.fromstring(hostile_server.requests[-1].body).find(".//invoice")
    assert received is not None
    assert sent == SentInvoice("1001", "HTTP://SEQR.SE/R1001")
    assert received.findtext("title") == speakable(drawn.title)
    assert received.findtext("footer") == speakable(drawn.footer)
    assert dt.datetime.fromisoformat(received.findtext("issueDate") or "") == drawn.issue_date
    assert number(received, "totalAmount/value") == drawn.total_amount.value
    assert received.findtext("totalAmount/currency") == drawn.total_amount.currency
    arrived = received.findall("invoiceRows/invoiceRow")
    assert len(arrived) == len(drawn.rows)
    for row, element in zip(drawn.rows, arrived, strict=True):
        assert element.findtext("itemDescription") == speakable(row.item_description)
        assert number(element, "itemQuantity") == row.item_quantity
        assert number(element, "itemTotalAmount/value") == row.item_total_amount.value
        assert (element.find("itemUnitPrice") is None) == (row.item_unit_price is None)
        assert (element.findtext("itemUnit") or "") == speakable(row.item_unit)


@settings(examples, max_examples=15)
@given(data=st.data())
def test_what_any_operation_is_told_arrives_as_it_is(
    client: SeqrClient,
    hostile_server: HostileServer,
    invoice: Invoice,
    data: st.DataObject,
) -> None:
    def said(*, operation: str, call: Callable[[], object]) -> etree._Element:
        hostile_server.answer_with(SAMPLES[operation].answer(operation))
        call()
        return etree.fromstring(hostile_server.requests[-1].body)[-1][0]

    text, other, third = (data.draw(texts.filter(bool)) for _ in range(3))
    amount, content = data.draw(amounts), data.draw(st.binary(min_size=1, max_size=200))
    token = CustomerToken(text, other, data.draw(st.integers(0, 99)), third)
    receipt = ReceiptDocument(text, content, other)

    update = said(
        operation="updateInvoice", call=lambda: client.update_invoice(text, invoice, (token,))
    )
    assert update.findtext("invoiceReference") == speakable(text)
    assert update.findtext("tokens/id") == speakable(text)
    assert update.findtext("tokens/description") == speakable(other)
    assert update.findtext("tokens/status") == str(token.status)
    assert update.findtext("tokens/value") == speakable(third)
    commit = said(
        operation="commitReservation", call=lambda: client.commit_reservation(text, amount)
    )
    assert commit.findtext("invoiceReference") == speakable(text)
    assert number(commit, "amount/value") == amount.value
    submit = said(
        operation="submitPaymentReceipt",
        call=lambda: client.submit_payment_receipt(third, receipt),
    )
    assert submit.findtext("ersReference") == speakable(third)
    assert submit.findtext("receiptDocument/mimeType") == speakable(text)
    assert b64decode(submit.findtext("receiptDocument/receiptData") or "") == content
    assert submit.findtext("receiptDocument/receiptType") == speakable(other)
    report = said(
        operation="executeReport",
        call=lambda: client.execute_report(ReportId.SHOP, text, other, language=third),
    )
    assert report.findtext("language") == speakable(third)
    assert [value.text or "" for value in report.iterfind(".//value")] == [
        speakable(text),
        speakable(other),
    ]
    register = said(
        operation="registerTerminal", call=lambda: client.register_terminal(text, other, third)
    )
    assert register.findtext("externalTerminalId") == speakable(text)
    assert register.findtext("password") == speakable(other)
    assert register.findtext("name") == speakable(third)


@examples
@given(body=st.binary(max_size=300))
def test_any_body_is_answered_with_a_seqr_error(
    client: SeqrClient, hostile_server: HostileServer, body: bytes
) -> None:
    hostile_server.answer_with(http(body))

    with pytest.raises(SeqrError):
        client.get_payment_status("1001", 0)


@examples
@given(stream=st.binary(max_size=300), start=st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 "]))
def test_any_bytes_on_the_line_are_answered_with_a_seqr_error(
    client: SeqrClient, hostile_server: HostileServer, stream: bytes, start: bytes
) -> None:
    hostile_server.answer_and_close(start + stream)

    with pytest.raises(SeqrError):
        client.get_payment_status("1001", 0)


scraps = st.binary(max_size=6) | st.sampled_from(
    [b"<", b"</return>", b"<status>", b"&amp;", b"&x;", b"-", b"9" * 50, b"<!--", b"]]>", b"<x/>"]
)


@examples
@given(data=st.data())
def test_a_damaged_answer_never_ends_in_another_exception(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(["getPaymentStatus", *SAMPLES]))
    sample = SAMPLES[operation]
    whole = answer(operation, PAID) if operation == "getPaymentStatus" else sample.answer(operation)
    body = whole.partition(b"\r\n\r\n")[2]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    hostile_server.answer_with(http(body[:start] + data.draw(scraps) + body[end:]))
    already = len(hostile_server.requests)

    with suppress(SeqrError):
        sample.least(client, invoice)

    assert len(hostile_server.requests) == already + 1
