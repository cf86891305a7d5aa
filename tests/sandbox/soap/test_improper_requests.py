"""What is no proper request: SOAP faults, and plain HTTP errors."""

import pytest

from tests.sandbox.raw_soap import SOAP, Soap, context, envelope, invoice
from tests.sandbox_process import SandboxProcess

STATUS = "<invoiceReference>1</invoiceReference><invoiceVersion>0</invoiceVersion>"

BROKEN = {
    "empty": "",
    "no XML": "hello",
    "truncated": envelope("sendInvoice", context() + invoice())[:-20],
    "bad encoding": '<?xml version="1.0" encoding="nonsense"?><a/>',
    "control character": envelope("sendInvoice", "\x01"),
    "no envelope": "<sendInvoice/>",
    "no body": f'<e:Envelope xmlns:e="{SOAP}"/>',
    "empty body": f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>',
    "two elements": f'<e:Envelope xmlns:e="{SOAP}"><e:Body><a/><b/></e:Body></e:Envelope>',
    "unknown operation": envelope("payInvoice", context()),
    "wrong namespace": envelope("cancelInvoice", context(), "http://example.com/"),
    "operation of the other service": envelope("getClientSessionInfo", context()),
    "qualified children": envelope(
        "cancelInvoice", "<ext:invoiceReference>1</ext:invoiceReference>"
    ),
    "wrong order": envelope("getPaymentStatus", STATUS + context()),
    "unknown element": envelope("cancelInvoice", context() + "<reason>late</reason>"),
    "no invoiceVersion": envelope(
        "getPaymentStatus", context() + "<invoiceReference>1</invoiceReference>"
    ),
    "invoiceVersion is no number": envelope(
        "getPaymentStatus", context() + STATUS.replace(">0<", ">x<")
    ),
    "no clientRequestTimeout": envelope(
        "cancelInvoice", context().replace("<clientRequestTimeout>0</clientRequestTimeout>", "")
    ),
    "unknown paymentMode": envelope(
        "sendInvoice", context() + invoice().replace("IMMEDIATE_DEBIT", "LATER")
    ),
    "amount is no number": envelope("sendInvoice", context() + invoice("45,00")),
    "amount in scientific notation": envelope("sendInvoice", context() + invoice("1E2")),
    "issueDate is no date": envelope(
        "sendInvoice", context() + invoice().replace("2026-03-01T", "1 March ")
    ),
    "document type": "<!DOCTYPE a>" + envelope("cancelInvoice", context()),
    "entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    + envelope("cancelInvoice", context() + "<invoiceReference>&x;</invoiceReference>"),
    "many entities": '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
    + envelope("cancelInvoice", "&b;"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_request_gets_a_client_fault(
    soap: Soap, sandbox: SandboxProcess, body: str
) -> None:
    answer = soap.post(body)

    assert (answer.status, answer.fault) == (500, "Client")
    assert answer.content.findtext("faultstring")
    assert sandbox.invoices() == []


def test_another_version_of_soap_is_a_version_mismatch(soap: Soap) -> None:
    body = envelope("cancelInvoice", context()).replace(
        SOAP, "http://www.w3.org/2003/05/soap-envelope"
    )

    answer = soap.post(body)

    assert (answer.status, answer.fault) == (500, "VersionMismatch")


def test_a_header_that_must_be_understood_is_not(soap: Soap) -> None:
    header = '<soapenv:Header><a soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body>'
    body = envelope("cancelInvoice", context()).replace("<soapenv:Body>", header)

    answer = soap.post(body)

    assert (answer.status, answer.fault) == (500, "MustUnderstand")


def test_comments_other_headers_and_declared_types_do_no_harm(soap: Soap) -> None:
    header = "<soapenv:Header><a/></soapenv:Header><soapenv:Body><!-- a comment -->"
    body = (
        envelope("getPaymentStatus", context() + STATUS)
        .replace("<soapenv:Body>", header)
        .replace("<invoiceVersion>", '<invoiceVersion xsi:type="xs:int">')
        .replace("<channel>W", "<channel>W<!-- -->")
        .replace(
            "<soapenv:Envelope ",
            '<soapenv:Envelope xmlns:xs="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ',
        )
    )

    answer = soap.post(body)

    assert answer.code == 54


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_every_usual_encoding_is_read(soap: Soap, sandbox: SandboxProcess, encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>' + envelope(
        "sendInvoice", context() + invoice()
    )

    answer = soap.post(body.encode(encoding))

    assert answer.code == 0
    assert sandbox.invoices()[0]["title"] == "Café Söder"


def test_a_body_that_is_too_large_is_refused_with_413(soap: Soap) -> None:
    body = b" " * (16 * 1024 * 1024 + 1)

    status, _ = soap.http("POST", "/soap/service", body)

    assert status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_soap_is_posted(soap: Soap, method: str) -> None:
    status, _ = soap.http(method, "/soap/service")

    assert status == 405


def test_there_are_two_services_and_no_third(soap: Soap) -> None:
    status, _ = soap.http("POST", "/soap/other", envelope("x", "").encode())

    assert status == 404
