"""Answers that are none: each ends in the error that says so, never in another exception."""

import time

import pytest

from payments.seqr import (
    Invoice,
    SeqrClient,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrUnknownStatus,
)
from tests.payments.seqr.hostile_server import HostileServer, http
from tests.payments.seqr.sample_answers import ISSUED, answer, envelope, response

OK = "<resultCode>0</resultCode>"
FAULT = "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>No</faultstring></soap:Fault>"
STATUS_BODY = response("getPaymentStatus", OK + ISSUED)
# Ten entities, each ten of the one before: a gigabyte if anybody spelled it out.
BOMB = (
    '<!DOCTYPE x [<!ENTITY e0 "0123456789">'
    + "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(8))
    + "]>"
)


def with_prolog(prolog: str, body: bytes) -> bytes:
    declaration, rest = body.split(b"?>", 1)
    return declaration + b"?>" + prolog.encode() + rest


UNREADABLE: dict[str, bytes] = {
    "an empty body": b"",
    "white space": b" \r\n ",
    "an HTML page": b"<!doctype html><html><body><p>Welcome<br></body></html>",
    "an XHTML page": b'<html xmlns="http://www.w3.org/1999/xhtml"><body>Welcome</body></html>',
    "JSON": b'{"resultCode": 0}',
    "binary rubbish": bytes(range(256)) * 20,
    "zeros": b"\x00" * 1000,
    "XML broken off": STATUS_BODY[:-30],
    "XML broken off before the version": STATUS_BODY[: STATUS_BODY.index(b"<version>")],
    "two documents": STATUS_BODY + STATUS_BODY,
    "another charset than declared": STATUS_BODY.replace(b"ISSUED", b"ISSUED<x>\xe5\xe4\xf6</x>"),
    "an unknown charset": STATUS_BODY.replace(b"UTF-8", b"UTF-99"),
    "a document type": with_prolog("<!DOCTYPE soap>", STATUS_BODY),
    "an external document type": with_prolog(
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd">', STATUS_BODY
    ),
    "an entity bomb": with_prolog(BOMB, STATUS_BODY.replace(b"ISSUED", b"&e8;")),
    "an entity bomb in an attribute": with_prolog(
        BOMB, STATUS_BODY.replace(b"<return>", b'<return a="&e8;">')
    ),
    "an external entity": with_prolog(
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
        STATUS_BODY.replace(b"ISSUED", b"&f;"),
    ),
    "a very deep tree": envelope("<a>" * 20_000 + "</a>" * 20_000),
    "a SOAP fault": envelope(FAULT),
    "a SOAP fault beside an answer": STATUS_BODY.replace(
        b"<soap:Body>", b"<soap:Body>" + FAULT.encode()
    ),
    "SOAP 1.2": STATUS_BODY.replace(
        b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    ),
    "no body": STATUS_BODY.replace(b"soap:Body", b"soap:Header"),
    "an empty SOAP body": envelope(""),
    "another operation's answer": response("cancelInvoice", OK + ISSUED),
    "another namespace": STATUS_BODY.replace(b"ers.seamless.com", b"example.com"),
    "no return": STATUS_BODY.replace(b"return>", b"result>"),
    "two returns": STATUS_BODY.replace(b"</return>", b"</return><return/>"),
    "a return that is nil": STATUS_BODY.replace(b"<return>", b'<return xsi:nil="true">'),
    "no result code": response("getPaymentStatus", ISSUED),
    "an empty result code": response("getPaymentStatus", "<resultCode/>" + ISSUED),
    "a result code in words": response("getPaymentStatus", "<resultCode>OK</resultCode>" + ISSUED),
    "a result code with a fraction": response(
        "getPaymentStatus", "<resultCode>0.0</resultCode>" + ISSUED
    ),
    "a result code in Arabic digits": response(
        "getPaymentStatus", "<resultCode>٠</resultCode>" + ISSUED
    ),
    "a result code beyond an int": response(
        "getPaymentStatus", "<resultCode>4294967296</resultCode>" + ISSUED
    ),
    "a qualified result code": response(
        "getPaymentStatus", '<resultCode xmlns="urn:x">0</resultCode>' + ISSUED
    ),
    "two result codes": response(
        "getPaymentStatus", "<resultCode>0</resultCode><resultCode>10</resultCode>" + ISSUED
    ),
    "no status": response("getPaymentStatus", OK + "<version>1</version>"),
    "two statuses": response("getPaymentStatus", OK + ISSUED + "<status>PAID</status>"),
    "no version": response("getPaymentStatus", OK + "<status>PAID</status>"),
    "a version in words": response(
        "getPaymentStatus", OK + "<status>PAID</status><version>one</version>"
    ),
    "an unknown status without a version": response(
        "getPaymentStatus", OK + "<status>HALF_PAID</status>"
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_is_no_answer_is_a_protocol_error(
    name: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(http(UNREADABLE[name]))
    started = time.monotonic()

    with pytest.raises(SeqrProtocolError) as caught:
        client.get_payment_status("1001", 0)

    assert not isinstance(caught.value, SeqrUnknownStatus)
    assert caught.value.operation == "getPaymentStatus"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("bytes_sent", [b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"HTTP/9.9\r\n\r\n"])
def test_bytes_that_are_not_http_are_a_protocol_error(
    bytes_sent: bytes, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_and_close(bytes_sent)

    with pytest.raises(SeqrProtocolError):
        client.get_payment_status("1001", 0)


@pytest.mark.parametrize("fields", ["", "<invoiceReference> </invoiceReference>"])
def test_a_sent_invoice_without_its_reference_is_a_protocol_error(
    fields: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(answer("sendInvoice", fields))

    with pytest.raises(SeqrProtocolError, match="no invoiceReference"):
        client.send_invoice(invoice)


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
def test_a_session_without_its_customer_is_a_protocol_error(
    fields: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("getClientSessionInfo", fields))

    with pytest.raises(SeqrProtocolError):
        client.get_client_session_info("0000002012-63506374")


@pytest.mark.parametrize("key", ["msisdn", "subscriberKey"])
def test_a_printed_code_cannot_make_its_owner_another_customer(
    key: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    own = entry("msisdn", "46700643933") + entry("subscriberKey", "sub-1")
    fields = f"<parameters>{own}{entry(key, 'somebody-else')}</parameters>"
    hostile_server.answer_with(answer("getClientSessionInfo", fields))

    with pytest.raises(SeqrProtocolError, match=f"more than one {key}"):
        client.get_client_session_info("0000002012-63506374")


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "302 Found", "404 Not Found"])
def test_another_http_status_than_200_is_a_protocol_error(
    status: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    body = b"" if status.startswith("204") else STATUS_BODY
    hostile_server.answer_with(http(body, status))

    with pytest.raises(SeqrProtocolError, match=f"HTTP status {status[:3]}"):
        client.get_payment_status("1001", 0)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway", envelope(FAULT), STATUS_BODY])
def test_a_failing_server_leaves_the_outcome_unknown(
    body: bytes, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(http(body, "502 Bad Gateway"))

    with pytest.raises(SeqrOutcomeUnknown, match="HTTP status 502") as caught:
        client.get_payment_status("1001", 0)

    assert type(caught.value) is SeqrOutcomeUnknown


@pytest.mark.parametrize("code", [-1, 3, 100, 2147483647])
def test_an_unknown_result_code_is_a_protocol_error_with_that_code(
    code: int, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("getPaymentStatus", ISSUED, code=code))

    with pytest.raises(SeqrProtocolError) as caught:
        client.get_payment_status("1001", 0)

    assert caught.value.result_code == code
