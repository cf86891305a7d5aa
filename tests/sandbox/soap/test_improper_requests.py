"""Improper requests get SOAP faults or HTTP errors."""

import pytest

from tests.sandbox.raw_soap import SOAP, SoapClient, context, envelope, invoice
from tests.sandbox_process import SandboxProcess

STATUS = "<invoiceReference>1</invoiceReference><invoiceVersion>0</invoiceVersion>"

BROKEN = {
    "empty": "",
    "not XML": "hello",
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
def test_broken_request_gets_client_fault(
    soap: SoapClient, sandbox: SandboxProcess, body: str
) -> None:
    response = soap.post(body)

    assert (response.status, response.fault) == (500, "Client")
    assert response.content.findtext("faultstring")
    assert sandbox.invoices() == []


def test_other_soap_version_gets_version_mismatch(soap: SoapClient) -> None:
    body = envelope("cancelInvoice", context()).replace(
        SOAP, "http://www.w3.org/2003/05/soap-envelope"
    )

    response = soap.post(body)

    assert (response.status, response.fault) == (500, "VersionMismatch")


def test_must_understand_header_gets_fault(soap: SoapClient) -> None:
    header = '<soapenv:Header><a soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body>'
    body = envelope("cancelInvoice", context()).replace("<soapenv:Body>", header)

    response = soap.post(body)

    assert (response.status, response.fault) == (500, "MustUnderstand")


def test_comments_other_headers_and_declared_types_are_accepted(soap: SoapClient) -> None:
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

    response = soap.post(body)

    assert response.code == 54


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_usual_encodings_are_accepted(
    soap: SoapClient, sandbox: SandboxProcess, encoding: str
) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>' + envelope(
        "sendInvoice", context() + invoice()
    )

    response = soap.post(body.encode(encoding))

    assert response.code == 0
    assert sandbox.invoices()[0]["title"] == "Café Söder"


def test_too_large_body_gets_413(soap: SoapClient) -> None:
    body = b" " * (16 * 1024 * 1024 + 1)

    status, _ = soap.http("POST", "/soap/service", body)

    assert status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_get_without_wsdl_gets_405(soap: SoapClient, method: str) -> None:
    status, _ = soap.http(method, "/soap/service")

    assert status == 405


def test_unknown_service_is_not_found(soap: SoapClient) -> None:
    status, _ = soap.http("POST", "/soap/other", envelope("x", "").encode())

    assert status == 404
