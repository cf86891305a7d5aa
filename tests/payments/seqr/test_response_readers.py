"""The values that readable responses become."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from payments.seqr import (
    Amount,
    ClientSession,
    CustomerToken,
    InvoiceStatus,
    PaymentStatus,
    Receipt,
    SentInvoice,
    SeqrClient,
    SeqrConflict,
    SeqrUnknownStatus,
)
from tests.payments.seqr.conftest import ReadStatus
from tests.payments.seqr.sample_calls import INVOICE, TOKEN
from tests.payments.seqr.sample_responses import (
    ISSUED_FIELDS,
    ISSUED_RESPONSE,
    PAID_FIELDS,
    SENT_INVOICE_FIELDS,
    SESSION_FIELDS,
    seqr_response,
    soap_response,
    status_response,
)
from tests.payments.seqr.scripted_server import ScriptedServer, http_response

ERS_REFERENCE = "2012060410485453001000101"
PAID_STATUS = PaymentStatus(
    status=InvoiceStatus.PAID,
    version=3,
    ers_reference=ERS_REFERENCE,
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
ISSUED_STATUS = PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ())
BARE_PAID_STATUS = PaymentStatus(InvoiceStatus.PAID, 2, None, None, ())
CLIENT_SESSION = ClientSession("46700643933", "sub-1", {"TABLE": "4"})


def raw_status_response(fields: str) -> bytes:
    """Return an HTTP response to getPaymentStatus with only these fields."""
    return http_response(soap_response("getPaymentStatus", fields))


def with_unknown_elements(envelope: bytes) -> bytes:
    """Return the envelope with unknown elements before, between and after all others."""
    unknown = b'<new at="all"><resultCode>90</resultCode><status>FAILED</status></new>'
    foreign = b'<x:status xmlns:x="urn:vendor">FAILED</x:status>'
    return envelope.replace(b"><", b">" + unknown + foreign + b"<").replace(
        b"?>" + unknown + foreign, b"?>"
    )


def test_session_has_the_customer_and_the_codes_parameters(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(seqr_response("getClientSessionInfo", SESSION_FIELDS))

    assert client.get_client_session_info(TOKEN) == CLIENT_SESSION


@pytest.mark.parametrize(
    ("fields", "qr_code"),
    [
        (SENT_INVOICE_FIELDS, "HTTP://SEQR.SE/R1001"),
        ("<invoiceReference>1001</invoiceReference>", ""),
    ],
)
def test_sent_invoice_has_its_reference_and_perhaps_a_qr_code(
    client: SeqrClient, server: ScriptedServer, fields: str, qr_code: str
) -> None:
    server.respond_with(seqr_response("sendInvoice", fields))

    assert client.send_invoice(INVOICE) == SentInvoice("1001", qr_code)


def test_open_invoice_has_no_ers_reference_and_no_receipt(read_status: ReadStatus) -> None:
    assert read_status(ISSUED_RESPONSE) == ISSUED_STATUS


def test_paid_invoice_has_ers_reference_receipt_and_tokens(read_status: ReadStatus) -> None:
    assert read_status(status_response(PAID_FIELDS, ERS_REFERENCE)) == PAID_STATUS


def test_paid_invoice_without_ers_reference_is_still_paid(read_status: ReadStatus) -> None:
    fields = "<ersReference> </ersReference><resultCode>0</resultCode><status>PAID</status>"

    assert read_status(raw_status_response(f"{fields}<version>2</version>")) == BARE_PAID_STATUS


@pytest.mark.parametrize("status", list(InvoiceStatus))
def test_every_documented_status_is_read(read_status: ReadStatus, status: InvoiceStatus) -> None:
    fields = f"<status>{status}</status><version>4</version>"

    assert read_status(status_response(fields)).status is status


def test_unknown_status_raises_with_its_version(read_status: ReadStatus) -> None:
    with pytest.raises(SeqrUnknownStatus) as caught:
        read_status(status_response("<status>HALF_PAID</status><version>4</version>"))

    assert (caught.value.status, caught.value.version) == ("HALF_PAID", 4)


def test_successful_cancel_sends_one_request(client: SeqrClient, server: ScriptedServer) -> None:
    server.respond_with(seqr_response("cancelInvoice"))

    client.cancel_invoice("1001")

    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [50, 51, 95])
def test_cancel_of_an_invoice_in_another_state_is_a_conflict(
    client: SeqrClient, server: ScriptedServer, code: int
) -> None:
    server.respond_with(seqr_response("cancelInvoice", code=code))

    with pytest.raises(SeqrConflict) as caught:
        client.cancel_invoice("1001")

    assert caught.value.result_code == code


def test_unknown_elements_in_a_status_are_ignored(read_status: ReadStatus) -> None:
    reference = f"<ersReference>{ERS_REFERENCE}</ersReference>"
    envelope = soap_response(
        "getPaymentStatus", f"{reference}<resultCode>0</resultCode>{PAID_FIELDS}"
    )

    assert read_status(http_response(with_unknown_elements(envelope))) == PAID_STATUS


def test_unknown_elements_in_a_session_are_ignored(
    client: SeqrClient, server: ScriptedServer
) -> None:
    envelope = soap_response("getClientSessionInfo", f"<resultCode>0</resultCode>{SESSION_FIELDS}")
    server.respond_with(http_response(with_unknown_elements(envelope)))

    assert client.get_client_session_info(TOKEN) == CLIENT_SESSION


def test_elements_are_read_in_any_order(read_status: ReadStatus) -> None:
    fields = "<version>1</version><status>ISSUED</status><resultCode>0</resultCode>"

    assert read_status(raw_status_response(fields)).status is InvoiceStatus.ISSUED


def test_nil_elements_are_absent(read_status: ReadStatus) -> None:
    names = ("ersReference", "resultDescription", "receipt", "customerTokens")
    nil = "".join(f'<{name} xsi:nil="true"/>' for name in names)

    status = read_status(raw_status_response(f"<resultCode>0</resultCode>{nil}{ISSUED_FIELDS}"))

    assert status == ISSUED_STATUS


@pytest.mark.parametrize(
    ("amount", "total"),
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
def test_unreadable_receipt_amount_does_not_hide_the_payment(
    read_status: ReadStatus, amount: str, total: Amount | None
) -> None:
    receipt = f"<receipt><invoice><totalAmount>{amount}</totalAmount></invoice></receipt>"

    status = read_status(status_response(f"<status>PAID</status>{receipt}<version>2</version>"))

    assert status.status is InvoiceStatus.PAID
    assert status.receipt is not None
    assert status.receipt.total_amount == total


@pytest.mark.parametrize("date", ["yesterday", "2012-06-04T10:48:54", "2012-13-40T99:00:00Z"])
def test_payment_date_without_time_zone_or_meaning_is_none(
    read_status: ReadStatus, date: str
) -> None:
    receipt = f"<receipt><paymentDate>{date}</paymentDate></receipt>"

    status = read_status(status_response(f"<status>PAID</status>{receipt}<version>2</version>"))

    assert status.receipt is not None
    assert status.receipt.payment_date is None


def test_ambiguous_receipt_and_broken_token_do_not_hide_the_payment(
    read_status: ReadStatus,
) -> None:
    receipt = "<receipt><terminalId>a</terminalId><terminalId>b</terminalId></receipt>"
    tokens = "<customerTokens><token><status>new</status></token></customerTokens>"
    fields = f"<status>PAID</status>{receipt}{tokens}<version>2</version>"

    assert read_status(status_response(fields)) == BARE_PAID_STATUS


def test_tokens_beside_a_broken_one_are_read(read_status: ReadStatus) -> None:
    broken = "<token><status>new</status></token>"
    whole = "<token><id>loyalty</id><status>0</status><value>{}</value></token>"
    tokens = f"{whole.format(1)}{broken}{whole.format(2)}"
    fields = f"<status>PAID</status><customerTokens>{tokens}</customerTokens><version>2</version>"

    status = read_status(status_response(fields))

    assert [token.value for token in status.customer_tokens] == ["1", "2"]


def test_parameters_after_one_without_a_key_are_read(
    client: SeqrClient, server: ScriptedServer
) -> None:
    first, rest = "<parameters>", "<entry><value>x</value></entry>"
    fields = SESSION_FIELDS.replace(first, first + rest)
    server.respond_with(seqr_response("getClientSessionInfo", fields))

    assert client.get_client_session_info(TOKEN) == CLIENT_SESSION
