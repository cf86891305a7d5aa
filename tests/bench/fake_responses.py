"""The fake SEQR's HTTP responses, formatted as the sandbox formats them."""

from datetime import UTC, datetime
from typing import Final

AMOUNT: Final = "45.00"

_ENVELOPE: Final = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<ns2:{0}Response xmlns:ns2="http://external.interfaces.ers.seamless.com/"><return>'
    "{1}</return></ns2:{0}Response></soap:Body></soap:Envelope>"
)
_RECEIPT: Final = (
    "<receipt><terminalId>public_test_shop_terminal</terminalId>"
    "<paymentDate>{paid_at}</paymentDate>"  # without the shop's number, which is not known here
    "<invoiceReference>{reference}</invoiceReference>"
    "<paymentReference>{ers_reference}</paymentReference>"
    "<receiverName>Public Test Shop</receiverName><invoice>"
    "<paymentMode>IMMEDIATE_DEBIT</paymentMode>"
    "<acknowledgmentMode>NO_ACKNOWLEDGMENT</acknowledgmentMode>"
    "<issueDate>{paid_at}</issueDate><title>Kafé</title><clientInvoiceId>1000-1</clientInvoiceId>"
    "<invoiceRows><invoiceRow><itemDescription>Kanelbulle</itemDescription>"
    "<itemQuantity>1</itemQuantity><itemTotalAmount><currency>SEK</currency>"
    f"<value>{AMOUNT}</value></itemTotalAmount></invoiceRow></invoiceRows>"
    f"<totalAmount><currency>SEK</currency><value>{AMOUNT}</value></totalAmount>"
    "<cashierId>web</cashierId><footer>1000</footer></invoice></receipt>"
)


def http(body: bytes, status: str = "200 OK", content_type: str = "text/xml") -> bytes:
    """Return an HTTP response."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
        "Server: Python/3.11 aiohttp/3.14.5\r\n\r\n"
    ).encode() + body


def _status(content: str) -> bytes:
    return http(_ENVELOPE.format("getPaymentStatus", content).encode())


def issued(description: str = "SUCCESS") -> bytes:
    """Return the response about an unpaid invoice."""
    return _status(
        f"<resultCode>0</resultCode><resultDescription>{description}</resultDescription>"
        "<status>ISSUED</status><version>1</version>"
    )


def paid(reference: str, paid_at: float) -> bytes:
    """Return the response about an invoice paid at a time in seconds since 1970."""
    ers_reference = f"20261123120000{reference}"
    receipt = _RECEIPT.format(
        reference=reference,
        ers_reference=ers_reference,
        paid_at=datetime.fromtimestamp(paid_at, UTC).isoformat(timespec="milliseconds"),
    )
    return _status(
        f"<ersReference>{ers_reference}</ersReference><resultCode>0</resultCode>"
        f"<resultDescription>SUCCESS</resultDescription><status>PAID</status>{receipt}"
        "<version>2</version>"
    )


def sent(reference: str) -> bytes:
    """Return the response to sendInvoice."""
    content = (
        "<resultCode>0</resultCode><resultDescription>SUCCESS</resultDescription>"
        f"<invoiceQRCode>HTTP://SEQR.SE/R{reference}</invoiceQRCode>"
        f"<invoiceReference>{reference}</invoiceReference>"
    )
    return http(_ENVELOPE.format("sendInvoice", content).encode())


ISSUED: Final = issued()
# Its serial number makes an answer unlike any other, at the same length.
UNIQUE_START, UNIQUE_END = issued("SUCCESS 000000000").split(b"000000000")
NO_SUCH_INVOICE: Final = _status(
    "<resultCode>54</resultCode><resultDescription>INVALID_INVOICE_REFERENCE: no such invoice"
    "</resultDescription><version>0</version>"
)
SYSTEM_ERROR: Final = _status(
    "<resultCode>90</resultCode><resultDescription>SYSTEM_ERROR</resultDescription>"
    "<version>0</version>"
)
SYSTEM_BUSY: Final = _status(
    "<resultCode>93</resultCode><resultDescription>SYSTEM_BUSY</resultDescription>"
    "<version>0</version>"
)
HTTP_500: Final = http(b"500: Internal Server Error", "500 Internal Server Error", "text/plain")
