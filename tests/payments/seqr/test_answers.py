"""What is made of answers that can be read."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from payments.seqr import (
    Amount,
    ClientSession,
    CustomerToken,
    Invoice,
    InvoiceStatus,
    PaymentStatus,
    Receipt,
    SentInvoice,
    SeqrClient,
    SeqrConflict,
    SeqrUnknownStatus,
)
from tests.payments.seqr.hostile_server import HostileServer, http
from tests.payments.seqr.sample_answers import ISSUED, PAID, SENT, SESSION, answer, response

PAID_STATUS = PaymentStatus(
    status=InvoiceStatus.PAID,
    version=3,
    ers_reference="2012060410485453001000101",
    receipt=Receipt(
        terminal_id="t1",
        payment_date=datetime(2012, 6, 4, 10, 48, 54, 530000, timezone(timedelta(hours=2))),
        client_invoice_id="A-7",
        invoice_reference="1001",
        payment_reference="p9",
        payer_terminal_id="phone",
        receiver_name="Kaffe & Kaka",
        total_amount=Amount(Decimal("93.31"), "SEK"),
    ),
    customer_tokens=(CustomerToken("loyalty", "Kort", 0, "4711"),),
)


def test_a_session_tells_who_scanned_and_what_the_code_said(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("getClientSessionInfo", SESSION))

    session = client.get_client_session_info("0000002012-63506374")

    assert session == ClientSession("46700643933", "sub-1", {"TABLE": "4"})


def test_a_sent_invoice_has_its_reference_and_code(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", SENT))

    sent = client.send_invoice(invoice)

    assert sent == SentInvoice("1001", "HTTP://SEQR.SE/R1001")


def test_a_sent_invoice_may_come_without_a_code(
    client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    fields = "<invoiceReference>1001</invoiceReference>"
    hostile_server.answer_with(answer("sendInvoice", fields))

    sent = client.send_invoice(invoice)

    assert sent == SentInvoice("1001", "")


def test_an_open_invoice_has_neither_reference_nor_receipt(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("getPaymentStatus", ISSUED))

    status = client.get_payment_status("1001", 0)

    assert status == PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ())


def test_a_paid_invoice_has_its_reference_receipt_and_tokens(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    fields = answer("getPaymentStatus", PAID, ers_reference="2012060410485453001000101")
    hostile_server.answer_with(fields)

    status = client.get_payment_status("1001", 2)

    assert status == PAID_STATUS


def test_a_paid_invoice_without_a_reference_is_still_paid(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    fields = "<ersReference> </ersReference><resultCode>0</resultCode><status>PAID</status>"
    hostile_server.answer_with(http(response("getPaymentStatus", f"{fields}<version>2</version>")))

    status = client.get_payment_status("1001", 1)

    assert status == PaymentStatus(InvoiceStatus.PAID, 2, None, None, ())


@pytest.mark.parametrize("status", list(InvoiceStatus))
def test_every_status_has_its_name(
    client: SeqrClient, hostile_server: HostileServer, status: InvoiceStatus
) -> None:
    fields = f"<status>{status}</status><version>4</version>"
    hostile_server.answer_with(answer("getPaymentStatus", fields))

    found = client.get_payment_status("1001", 3)

    assert found.status is status


def test_an_unknown_status_is_told_with_its_version(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    fields = "<status>HALF_PAID</status><version>4</version>"
    hostile_server.answer_with(answer("getPaymentStatus", fields))

    with pytest.raises(SeqrUnknownStatus) as caught:
        client.get_payment_status("1001", 3)

    assert (caught.value.status, caught.value.version) == ("HALF_PAID", 4)


def test_a_cancelled_invoice_is_no_more_to_be_said(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("cancelInvoice"))

    client.cancel_invoice("1001")

    assert len(hostile_server.requests) == 1


@pytest.mark.parametrize("code", [50, 51, 95])
def test_an_invoice_in_another_state_is_a_conflict(
    client: SeqrClient, hostile_server: HostileServer, code: int
) -> None:
    hostile_server.answer_with(answer("cancelInvoice", code=code))

    with pytest.raises(SeqrConflict) as caught:
        client.cancel_invoice("1001")

    assert caught.value.result_code == code


def with_extras(whole: bytes) -> bytes:
    """Return the envelope with unknown elements first, last and between, at every level."""
    unknown = b'<new at="all"><resultCode>90</resultCode><status>FAILED</status></new>'
    foreign = b'<x:status xmlns:x="urn:vendor">FAILED</x:status>'
    return whole.replace(b"><", b">" + unknown + foreign + b"<").replace(
        b"?>" + unknown + foreign, b"?>"
    )


def test_unknown_elements_are_ignored_everywhere(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    reference = "<ersReference>2012060410485453001000101</ersReference>"
    whole = response("getPaymentStatus", f"{reference}<resultCode>0</resultCode>{PAID}")
    hostile_server.answer_with(http(with_extras(whole)))

    status = client.get_payment_status("1001", 2)

    assert status == PAID_STATUS


def test_unknown_elements_in_a_session_are_ignored(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    whole = response("getClientSessionInfo", f"<resultCode>0</resultCode>{SESSION}")
    hostile_server.answer_with(http(with_extras(whole)))

    session = client.get_client_session_info("0000002012-63506374")

    assert session == ClientSession("46700643933", "sub-1", {"TABLE": "4"})


def test_elements_in_another_order_are_read(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    fields = "<version>1</version><status>ISSUED</status><resultCode>0</resultCode>"
    hostile_server.answer_with(http(response("getPaymentStatus", fields)))

    status = client.get_payment_status("1001", 0)

    assert status.status is InvoiceStatus.ISSUED


def test_elements_that_are_nil_are_absent(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    names = ("ersReference", "resultDescription", "receipt", "customerTokens")
    nil = "".join(f'<{name} xsi:nil="true"/>' for name in names)
    fields = f"<resultCode>0</resultCode>{nil}{ISSUED}"
    hostile_server.answer_with(http(response("getPaymentStatus", fields)))

    status = client.get_payment_status("1001", 0)

    assert status == PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ())


@pytest.mark.parametrize(
    ("receipt", "total"),
    [
        ("<value>10.005</value><currency>SEK</currency>", None),
        ("<value>1E2</value><currency>SEK</currency>", None),
        ("<value>NaN</value><currency>SEK</currency>", None),
        ("<value>ten</value><currency>SEK</currency>", None),
        (f"<value>{'9' * 400}</value><currency>SEK</currency>", None),
        ("<value>10</value><currency>kronor</currency>", None),
        ("<value>10</value>", None),
        ("<currency>SEK</currency>", None),
        ("<value>10</value><currency>SEK</currency>", Amount(Decimal(10), "SEK")),
    ],
)
def test_an_unreadable_amount_in_a_receipt_does_not_hide_the_payment(
    client: SeqrClient, hostile_server: HostileServer, receipt: str, total: Amount | None
) -> None:
    invoice = f"<invoice><totalAmount>{receipt}</totalAmount></invoice>"
    fields = f"<status>PAID</status><receipt>{invoice}</receipt><version>2</version>"
    hostile_server.answer_with(answer("getPaymentStatus", fields))

    status = client.get_payment_status("1001", 1)

    assert status.status is InvoiceStatus.PAID
    assert status.receipt is not None
    assert status.receipt.total_amount == total


@pytest.mark.parametrize("moment", ["yesterday", "2012-06-04T10:48:54", "2012-13-40T99:00:00Z"])
def test_a_payment_date_without_a_known_moment_is_none(
    client: SeqrClient, hostile_server: HostileServer, moment: str
) -> None:
    receipt = f"<receipt><paymentDate>{moment}</paymentDate></receipt>"
    fields = f"<status>PAID</status>{receipt}<version>2</version>"
    hostile_server.answer_with(answer("getPaymentStatus", fields))

    status = client.get_payment_status("1001", 1)

    assert status.receipt is not None
    assert status.receipt.payment_date is None


def test_an_ambiguous_receipt_and_a_broken_token_do_not_hide_the_payment(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    receipt = "<receipt><terminalId>a</terminalId><terminalId>b</terminalId></receipt>"
    tokens = "<customerTokens><token><status>new</status></token></customerTokens>"
    fields = f"<status>PAID</status>{receipt}{tokens}<version>2</version>"
    hostile_server.answer_with(answer("getPaymentStatus", fields))

    status = client.get_payment_status("1001", 1)

    assert status == PaymentStatus(InvoiceStatus.PAID, 2, None, None, ())
