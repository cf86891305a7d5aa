"""Responses that cannot be read raise the right error and no other exception."""

import time

import pytest

from payments.seqr import (
    SeqrClient,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrUnknownStatus,
)
from payments.seqr.response_parser import UnreadableResponseError, parse_response
from tests.payments.seqr.conftest import ReadStatus
from tests.payments.seqr.sample_calls import INVOICE, TOKEN
from tests.payments.seqr.sample_responses import (
    ISSUED_FIELDS,
    seqr_response,
    soap_envelope,
    soap_response,
)
from tests.payments.seqr.scripted_server import ScriptedServer, http_response

OK = "<resultCode>0</resultCode>"
FAULT = "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>No</faultstring></soap:Fault>"
ENTITY_BOMB = (  # Each entity is ten times the previous one, a gigabyte when expanded.
    '<!DOCTYPE x [<!ENTITY e0 "0123456789">'
    + "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(8))
    + "]>"
)


def status_body(fields: str) -> bytes:
    return soap_response("getPaymentStatus", fields)


STATUS_BODY = status_body(OK + ISSUED_FIELDS)


def with_prolog(prolog: str, body: bytes) -> bytes:
    declaration, rest = body.split(b"?>", 1)
    return declaration + b"?>" + prolog.encode() + rest


UNREADABLE: dict[str, bytes] = {
    "an empty body": b"",
    "white space": b" \r\n ",
    "an HTML page": b"<!doctype html><html><body><p>Welcome<br></body></html>",
    "an XHTML page": b'<html xmlns="http://www.w3.org/1999/xhtml"><body>Welcome</body></html>',
    "JSON": b'{"resultCode": 0}',
    "binary data": bytes(range(256)) * 20,
    "zeros": b"\x00" * 1000,
    "truncated XML": STATUS_BODY[:-30],
    "XML truncated before the version": STATUS_BODY[: STATUS_BODY.index(b"<version>")],
    "two documents": STATUS_BODY + STATUS_BODY,
    "another encoding than declared": STATUS_BODY.replace(b"ISSUED", b"ISSUED<x>\xe5\xe4\xf6</x>"),
    "an unknown encoding": STATUS_BODY.replace(b"UTF-8", b"UTF-99"),
    "a document type": with_prolog("<!DOCTYPE soap>", STATUS_BODY),
    "an external document type": with_prolog(
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd">', STATUS_BODY
    ),
    "an entity bomb": with_prolog(ENTITY_BOMB, STATUS_BODY.replace(b"ISSUED", b"&e8;")),
    "an entity bomb in an attribute": with_prolog(
        ENTITY_BOMB, STATUS_BODY.replace(b"<return>", b'<return a="&e8;">')
    ),
    "an external entity": with_prolog(
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
        STATUS_BODY.replace(b"ISSUED", b"&f;"),
    ),
    "a very deep tree": soap_envelope("<a>" * 20_000 + "</a>" * 20_000),
    "a SOAP fault": soap_envelope(FAULT),
    "a SOAP fault beside a response": STATUS_BODY.replace(
        b"<soap:Body>", b"<soap:Body>" + FAULT.encode()
    ),
    "SOAP 1.2": STATUS_BODY.replace(
        b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    ),
    "no SOAP body": STATUS_BODY.replace(b"soap:Body", b"soap:Header"),
    "an empty SOAP body": soap_envelope(""),
    "another operation's response": soap_response("cancelInvoice", OK + ISSUED_FIELDS),
    "another namespace": STATUS_BODY.replace(b"ers.seamless.com", b"example.com"),
    "no return element": STATUS_BODY.replace(b"return>", b"result>"),
    "two return elements": STATUS_BODY.replace(b"</return>", b"</return><return/>"),
    "a nil return element": STATUS_BODY.replace(b"<return>", b'<return xsi:nil="true">'),
    "no result code": status_body(ISSUED_FIELDS),
    "an empty result code": status_body("<resultCode/>" + ISSUED_FIELDS),
    "a result code in words": status_body("<resultCode>OK</resultCode>" + ISSUED_FIELDS),
    "a result code with a fraction": status_body("<resultCode>0.0</resultCode>" + ISSUED_FIELDS),
    "a result code in Arabic digits": status_body("<resultCode>٠</resultCode>" + ISSUED_FIELDS),
    "a result code beyond an int": status_body(
        "<resultCode>4294967296</resultCode>" + ISSUED_FIELDS
    ),
    "a qualified result code": status_body(
        '<resultCode xmlns="urn:x">0</resultCode>' + ISSUED_FIELDS
    ),
    "two result codes": status_body(
        "<resultCode>0</resultCode><resultCode>10</resultCode>" + ISSUED_FIELDS
    ),
    "no status": status_body(OK + "<version>1</version>"),
    "two statuses": status_body(OK + ISSUED_FIELDS + "<status>PAID</status>"),
    "no version": status_body(OK + "<status>PAID</status>"),
    "a version in words": status_body(OK + "<status>PAID</status><version>one</version>"),
    "an unknown status without a version": status_body(OK + "<status>HALF_PAID</status>"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_body_is_a_protocol_error(name: str, read_status: ReadStatus) -> None:
    started = time.process_time()

    with pytest.raises(SeqrProtocolError) as caught:
        read_status(http_response(UNREADABLE[name]))

    assert not isinstance(caught.value, SeqrUnknownStatus)
    assert caught.value.operation == "getPaymentStatus"
    assert time.process_time() - started < 1  # expands no entity


NOT_OF_THE_OPERATION = {
    "an XHTML page": (UNREADABLE["an XHTML page"], "the response is not a SOAP envelope"),
    "its body alone": (
        STATUS_BODY.replace(b"soap:Envelope", b"soap:Envelop"),
        "the response is not a SOAP envelope",
    ),
    "a fault": (soap_envelope(FAULT), "the response is a SOAP fault"),
    "another operation": (
        soap_response("sendInvoice", OK),
        "the response is not one to getPaymentStatus",
    ),
}


@pytest.mark.parametrize(
    ("body", "reason"), NOT_OF_THE_OPERATION.values(), ids=NOT_OF_THE_OPERATION
)
def test_body_that_is_no_answer_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableResponseError) as error:
        parse_response(body, "getPaymentStatus")

    assert str(error.value) == reason


@pytest.mark.parametrize("stream", [b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"HTTP/9.9\r\n\r\n"])
def test_bytes_that_are_not_http_are_a_protocol_error(
    stream: bytes, client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_and_close(stream)

    with pytest.raises(SeqrProtocolError):
        client.get_payment_status("1001", 0)


@pytest.mark.parametrize("fields", ["", "<invoiceReference> </invoiceReference>"])
def test_sent_invoice_without_reference_is_a_protocol_error(
    fields: str, client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(seqr_response("sendInvoice", fields))

    with pytest.raises(SeqrProtocolError, match="no invoiceReference"):
        client.send_invoice(INVOICE)


def entry(key: str, value: str) -> str:
    return f"<entry><key>{key}</key><value>{value}</value></entry>"


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "<parameters/>",
        f"<parameters>{entry('msisdn', '46700643933')}</parameters>",
        f"<parameters>{entry('subscriberKey', 'sub-1')}</parameters>",
        f"<parameters>{entry('msisdn', '')}{entry('subscriberKey', 'sub-1')}</parameters>",
    ],
)
def test_session_without_customer_is_a_protocol_error(
    fields: str, client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(seqr_response("getClientSessionInfo", fields))

    with pytest.raises(SeqrProtocolError):
        client.get_client_session_info(TOKEN)


@pytest.mark.parametrize("key", ["msisdn", "subscriberKey"])
def test_qr_code_parameter_cannot_replace_the_customer(
    key: str, client: SeqrClient, server: ScriptedServer
) -> None:
    own = entry("msisdn", "46700643933") + entry("subscriberKey", "sub-1")
    fields = f"<parameters>{own}{entry(key, 'somebody-else')}</parameters>"
    server.respond_with(seqr_response("getClientSessionInfo", fields))

    with pytest.raises(SeqrProtocolError, match=f"more than one {key}"):
        client.get_client_session_info(TOKEN)


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "302 Found", "404 Not Found"])
def test_http_status_other_than_200_is_a_protocol_error(
    status: str, read_status: ReadStatus
) -> None:
    body = b"" if status.startswith("204") else STATUS_BODY

    with pytest.raises(SeqrProtocolError, match=f"HTTP status {status[:3]}"):
        read_status(http_response(body, status))


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway", soap_envelope(FAULT), STATUS_BODY])
def test_http_status_502_leaves_the_outcome_unknown(body: bytes, read_status: ReadStatus) -> None:
    with pytest.raises(SeqrOutcomeUnknown, match="HTTP status 502") as caught:
        read_status(http_response(body, "502 Bad Gateway"))

    assert type(caught.value) is SeqrOutcomeUnknown


@pytest.mark.parametrize("code", [-1, 3, 100, 2147483647])
def test_undocumented_result_code_is_a_protocol_error_with_that_code(
    code: int, read_status: ReadStatus
) -> None:
    with pytest.raises(SeqrProtocolError) as caught:
        read_status(seqr_response("getPaymentStatus", ISSUED_FIELDS, code=code))

    assert caught.value.result_code == code
