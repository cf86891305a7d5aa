"""Passwords, tokens and personal data stay out of logs, reprs and tracebacks."""

import logging
import traceback
from collections.abc import Callable

import pytest

from payments.seqr import (
    ClientSession,
    CustomerToken,
    Receipt,
    ReceiptDocument,
    SeqrClient,
    SeqrConfig,
    SeqrError,
)
from tests.payments.seqr.conftest import CREDENTIALS, PASSWORD, RESELLER_PASSWORD
from tests.payments.seqr.sample_calls import INVOICE, NEW_TERMINAL_PASSWORD, SAMPLE_CALLS, TOKEN
from tests.payments.seqr.sample_responses import (
    PAID_FIELDS,
    seqr_response,
    soap_envelope,
    soap_response,
    status_response,
)
from tests.payments.seqr.scripted_server import Connection, ScriptedServer, http_response

MSISDN = "46700643933"
SECRETS = [
    PASSWORD,
    RESELLER_PASSWORD,
    NEW_TERMINAL_PASSWORD,
    TOKEN,
    MSISDN,
    "sub-1",
    "auth-1",
    "url-secret-1",
    "url-secret-2",
]
ALL_SECRETS = " ".join(SECRETS)

FAILURES: dict[str, Callable[[str], bytes]] = {
    "refused": lambda operation: seqr_response(operation, f"<why>{ALL_SECRETS}</why>", code=20),
    "unknown code": lambda operation: seqr_response(operation, code=777),
    "SOAP fault": lambda _: http_response(
        soap_envelope(f"<soap:Fault><faultstring>{ALL_SECRETS}</faultstring></soap:Fault>")
    ),
    "error page": lambda _: http_response(f"<html>{ALL_SECRETS}".encode(), "500 Server Error"),
    "not XML": lambda _: http_response(ALL_SECRETS.encode()),
    "entity": lambda _: http_response(
        f"<!DOCTYPE a [<!ENTITY b '{ALL_SECRETS}'>]><a>&b;</a>".encode()
    ),
    "text as code": lambda operation: http_response(
        soap_response(operation, f"<resultCode>{ALL_SECRETS}</resultCode>")
    ),
    "text as header": lambda _: (
        f"HTTP/1.1 200 OK\r\nContent-Length: {ALL_SECRETS}\r\n\r\n".encode()
    ),
    "not HTTP": lambda _: ALL_SECRETS.encode(),
}


def assert_no_secret(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("failure", FAILURES)
def test_failed_call_reveals_no_secret(
    failure: str, client: SeqrClient, server: ScriptedServer, log: pytest.LogCaptureFixture
) -> None:
    for operation, call in SAMPLE_CALLS.items():
        server.respond_and_close(FAILURES[failure](operation))
        with pytest.raises(SeqrError) as caught:
            call.minimal(client)
        assert_no_secret("".join(traceback.format_exception(caught.value)))
        assert_no_secret(repr(caught.value) + str(caught.value))

    assert_no_secret(log.text)


def test_timed_out_call_reveals_no_secret(
    short_timeout_client: SeqrClient, server: ScriptedServer, log: pytest.LogCaptureFixture
) -> None:
    server.handler = Connection.stall

    with pytest.raises(SeqrError) as caught:
        short_timeout_client.register_terminal(TOKEN, NEW_TERMINAL_PASSWORD, MSISDN)

    assert_no_secret("".join(traceback.format_exception(caught.value)))
    assert_no_secret(log.text)


def test_successful_call_reveals_no_secret(
    client: SeqrClient, server: ScriptedServer, log: pytest.LogCaptureFixture
) -> None:
    for call in SAMPLE_CALLS.values():
        server.respond_with(call.response)
        assert_no_secret(repr(call.minimal(client)))
    server.respond_with(status_response(PAID_FIELDS))
    assert_no_secret(repr(client.get_payment_status("1001", 0)))

    assert_no_secret(log.text)
    assert "getClientSessionInfo took" in log.text


def test_failed_call_logs_one_warning(
    client: SeqrClient, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.respond_with(seqr_response("cancelInvoice", code=50))

    with pytest.raises(SeqrError):
        client.cancel_invoice("1001")

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("payments.seqr", "WARNING")
    assert "cancelInvoice failed after " in record.getMessage()
    assert "SeqrConflict, result code 50" in record.getMessage()


def test_reprs_omit_secrets_and_personal_data(config: SeqrConfig, client: SeqrClient) -> None:
    values = [
        config,
        CREDENTIALS,
        client,
        INVOICE,
        ClientSession(MSISDN, "sub-1", {"TABLE": "4"}),
        CustomerToken("loyalty", None, 0, MSISDN),
        Receipt(None, None, None, None, None, MSISDN, None, None),
        ReceiptDocument("text/html", MSISDN.encode(), "html"),
    ]

    assert_no_secret(repr(values))
