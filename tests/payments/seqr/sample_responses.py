"""Responses as SEQR writes them."""

from base64 import b64encode
from html import escape

from tests.payments.seqr.scripted_server import http_response

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soap:Body>{}</soap:Body></soap:Envelope>"
)

SENT_INVOICE_FIELDS = (
    "<invoiceQRCode>HTTP://SEQR.SE/R1001</invoiceQRCode><invoiceReference>1001</invoiceReference>"
)
ISSUED_FIELDS = "<status>ISSUED</status><version>1</version>"
PAID_FIELDS = (
    "<status>PAID</status>"
    "<receipt><terminalId>t1</terminalId><paymentDate>2012-06-04T10:48:54.530+02:00</paymentDate>"
    "<clientInvoiceId>A-7</clientInvoiceId><invoiceReference>1001</invoiceReference>"
    "<paymentReference>p9</paymentReference><payerTerminalId>phone</payerTerminalId>"
    "<receiverName>Kaffe &amp; Kaka</receiverName>"
    "<invoice><title>Kaffe</title>"
    "<totalAmount><currency>SEK</currency><value>93.31000</value></totalAmount></invoice></receipt>"
    "<customerTokens><token><description>Kort</description><id>loyalty</id><status>0</status>"
    "<value>4711</value></token></customerTokens>"
    "<version>3</version>"
)
SESSION_FIELDS = (
    "<parameters><entry><key>msisdn</key><value>46700643933</value></entry>"
    "<entry><key>subscriberKey</key><value>sub-1</value></entry>"
    "<entry><key>authKey</key><value>auth-1</value></entry>"
    "<entry><key>TABLE</key><value>4</value></entry></parameters>"
)
SUMMARY_REPORT = (
    '<![CDATA[<?xml version="1.0" encoding="UTF-8"?>'
    "<CashierTransactionSummary><Meta><ResellerId>hm1</ResellerId><TerminalId>t1</TerminalId>"
    "<TransactionPeriodId>2012102916093771801000146</TransactionPeriodId>"
    "<GeneratedAt>2012-10-30 12:18</GeneratedAt></Meta>"
    "<Row><SalesCount>1</SalesCount><SalesTotal>10.00000</SalesTotal></Row>"
    "</CashierTransactionSummary>]]>"
)


def soap_envelope(content: str) -> bytes:
    """Return a SOAP envelope with this body."""
    return ENVELOPE.format(content).encode()


def soap_response(operation: str, fields: str) -> bytes:
    """Return the envelope of an operation's response with these fields in its `return`."""
    return soap_envelope(
        f'<ns2:{operation}Response xmlns:ns2="http://external.interfaces.ers.seamless.com/">'
        f"<return>{fields}</return></ns2:{operation}Response>"
    )


def seqr_response(
    operation: str, fields: str = "", code: int = 0, ers_reference: str = ""
) -> bytes:
    """Return SEQR's HTTP response with this result code and these fields."""
    reference = f"<ersReference>{ers_reference}</ersReference>" if ers_reference else ""
    base = f"{reference}<resultCode>{code}</resultCode><resultDescription>x</resultDescription>"
    return http_response(soap_response(operation, base + fields))


def status_response(fields: str, ers_reference: str = "") -> bytes:
    """Return SEQR's HTTP response to getPaymentStatus with these fields."""
    return seqr_response("getPaymentStatus", fields, ers_reference=ers_reference)


def report_response(document: str, *, as_text: bool = True, as_bytes: bool = True) -> bytes:
    """Return SEQR's HTTP response with this report."""
    content = f"<content>{b64encode(document.encode()).decode()}</content>" if as_bytes else ""
    text = f"<contentString>{escape(document)}</contentString>" if as_text else ""
    kind = "<title>t</title><mimeType>text/html</mimeType>"
    return seqr_response("executeReport", f"<report>{kind}{content}{text}</report>")


ISSUED_RESPONSE = status_response(ISSUED_FIELDS)
