"""No password, token or personal datum reaches a log, a repr or a traceback."""

import logging
import traceback
from collections.abc import Callable

import pytest

from payments.seqr import (
    ClientSession,
    CustomerToken,
    Invoice,
    Receipt,
    ReceiptDocument,
    SeqrClient,
    SeqrConfig,
    SeqrError,
)
from tests.payments.seqr.conftest import PASSWORD, RESELLER_PASSWORD
from tests.payments.seqr.hostile_server import HostileServer, Line, http
from tests.payments.seqr.sample_answers import PAID, answer, envelope, response
from tests.payments.seqr.sample_calls import NEW_TERMINAL_PASSWORD, SAMPLES, TOKEN

MSISDN = "46700643933"
SECRETS = [
    PASSWORD,
    RESELLER_PASSWORD,
    NEW_TERMINAL_PASSWORD,
    TOKEN,
    MSISDN,
    "sub-1",
    "auth-1",
    "door-secret-1",
    "door-secret-2",
]
EVERYTHING = " ".join(SECRETS)

ANSWERS: dict[str, Callable[[str], bytes]] = {
    "refused": lambda operation: answer(operation, f"<why>{EVERYTHING}</why>", code=20),
    "of an unknown code": lambda operation: answer(operation, code=777),
    "a fault": lambda _: http(
        envelope(f"<soap:Fault><faultstring>{EVERYTHING}</faultstring></soap:Fault>")
    ),
    "an error page": lambda _: http(f"<html>{EVERYTHING}".encode(), "500 Server Error"),
    "not XML": lambda _: http(EVERYTHING.encode()),
    "an entity": lambda _: http(f"<!DOCTYPE a [<!ENTITY b '{EVERYTHING}'>]><a>&b;</a>".encode()),
    "a code in words": lambda operation: http(
        response(operation, f"<resultCode>{EVERYTHING}</resultCode>")
    ),
    "a header in words": lambda _: (
        f"HTTP/1.1 200 OK\r\nContent-Length: {EVERYTHING}\r\n\r\n".encode()
    ),
    "not HTTP": lambda _: EVERYTHING.encode(),
}


def assert_nothing_told(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_failed_call_tells_no_secret(
    kind: str,
    client: SeqrClient,
    hostile_server: HostileServer,
    invoice: Invoice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    for operation, sample in SAMPLES.items():
        hostile_server.answer_and_close(ANSWERS[kind](operation))
        with pytest.raises(SeqrError) as caught:
            sample.least(client, invoice)
        assert_nothing_told("".join(traceback.format_exception(caught.value)))
        assert_nothing_told(repr(caught.value) + str(caught.value))

    assert_nothing_told(caplog.text)


def test_a_failed_connection_tells_no_secret(
    impatient_client: SeqrClient,
    hostile_server: HostileServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    hostile_server.behave = Line.stay_silent

    with pytest.raises(SeqrError) as caught:
        impatient_client.register_terminal(TOKEN, NEW_TERMINAL_PASSWORD, MSISDN)

    assert_nothing_told("".join(traceback.format_exception(caught.value)))
    assert_nothing_told(caplog.text)


def test_a_call_that_succeeds_tells_no_secret(
    client: SeqrClient,
    hostile_server: HostileServer,
    invoice: Invoice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    for operation, sample in SAMPLES.items():
        hostile_server.answer_with(sample.answer(operation))
        assert_nothing_told(repr(sample.least(client, invoice)))
    hostile_server.answer_with(answer("getPaymentStatus", PAID))
    assert_nothing_told(repr(client.get_payment_status("1001", 0)))

    assert_nothing_told(caplog.text)
    assert "getClientSessionInfo took" in caplog.text


def test_a_failed_call_is_one_line_in_the_log(
    client: SeqrClient, hostile_server: HostileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hostile_server.answer_with(answer("cancelInvoice", code=50))

    with pytest.raises(SeqrError):
        client.cancel_invoice("1001")

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("payments.seqr", "WARNING")
    assert "cancelInvoice failed after " in record.getMessage()
    assert "SeqrConflict, result code 50" in record.getMessage()


def test_values_keep_what_is_personal_out_of_their_repr(
    config: SeqrConfig, client: SeqrClient, invoice: Invoice
) -> None:
    values = [
        config,
        client,
        invoice,
        ClientSession(MSISDN, "sub-1", {"TABLE": "4"}),
        CustomerToken("loyalty", None, 0, MSISDN),
        Receipt(None, None, None, None, None, MSISDN, None, None),
        ReceiptDocument("text/html", MSISDN.encode(), "html"),
    ]

    assert_nothing_told(repr(values))
