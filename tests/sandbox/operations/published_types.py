"""SEQR's types as the reference lists them, and a check of responses against them.

Written from the reference by hand and not from the sandbox's WSDL, to find a misreading there.
Notation: elements in their order; `name!` is required, `name*` may come several times, `name:type`
is of another type than string. Source: API reference 2.6.0, types and operations.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from lxml import etree

from tests.sandbox.raw_soap import SEQR, SOAP, SoapResponse

_RESPONSE: Final = "ersReference resultCode!:int resultDescription"

TYPES: Final = {
    "erswsResponse": _RESPONSE,
    "erswsSendInvoiceResponse": f"{_RESPONSE} invoiceQRCode invoiceReference",
    "erswsPaymentStatusResponse": (
        f"{_RESPONSE} status:invoiceStatus receipt:receipt customerTokens:customerTokens "
        "version!:int"
    ),
    "erswsMarkTransactionPeriodResponse": f"{_RESPONSE} transactionPeriodId",
    "erswsExecuteReportResponse": f"{_RESPONSE} report:report",
    "erswsClientSessionInfoResponse": f"{_RESPONSE} parameters!:entries",
    "erswsRegisterTerminalResponse": f"{_RESPONSE} terminalId",
    "erswsTopupResponse": (
        f"{_RESPONSE} requestedTopupAmount:amount senderPrincipal:principal "
        "topupAccountSpecifier:principalAccountSpecifier topupAmount:amount "
        "topupPrincipal:principal"
    ),
    "erswsTransferResponse": (
        f"{_RESPONSE} receivedAmount:amount receiverPrincipal:principal "
        "requestedTransferAmount:amount senderPrincipal:principal"
    ),
    "erswsPurchaseResponse": (
        f"{_RESPONSE} paymentPrincipal:principal purchaseReference "
        "purchasedProducts*:principalPurchaseProductSpecifier receiverPrincipal:principal"
    ),
    "erswsPrincipalInformationResponse": f"{_RESPONSE} requestedPrincipal:principal",
    "receipt": (
        "terminalId paymentDate:dateTime clientInvoiceId invoiceReference paymentReference "
        "payerTerminalId receiverName invoice:invoice"
    ),
    "invoice": (
        "paymentMode:paymentMode acknowledgmentMode:acknowledgmentMode issueDate:dateTime title "
        "clientInvoiceId invoiceRows:invoiceRows totalAmount:amount cashierId footer backURL "
        "notificationUrl commitReservationTimeout:long"
    ),
    "invoiceRows": "invoiceRow*:paymentInvoiceRow",
    "paymentInvoiceRow": (
        "itemDescription itemDiscount:amount itemEAN itemQuantity:decimal itemSKU "
        "itemTaxRate:decimal itemTotalAmount:amount itemUnit itemUnitPrice:amount"
    ),
    "amount": "currency value:decimal",
    "customerTokens": "token*:customerToken",
    "customerToken": "description id status!:int value",
    "report": "title mimeType content:base64Binary contentString",
    "principal": ("principalId:principalId principalName accounts:accounts status msisdn"),
    "accounts": "account*:principalAccount",
    "principalAccount": (
        "accountDescription accountSpecifier:principalAccountSpecifier balance:amount "
        "creditLimit:amount"
    ),
    "principalAccountSpecifier": "accountId accountTypeId",
    "principalPurchaseProductSpecifier": "productId productIdType",
    "entries": "entry*:entry",
    "entry": "key value",
}

RETURNS: Final = {
    "sendInvoice": "erswsSendInvoiceResponse",
    "updateInvoice": "erswsResponse",
    "getPaymentStatus": "erswsPaymentStatusResponse",
    "cancelInvoice": "erswsResponse",
    "commitReservation": "erswsResponse",
    "submitPaymentReceipt": "erswsResponse",
    "refundPayment": "erswsResponse",
    "markTransactionPeriod": "erswsMarkTransactionPeriodResponse",
    "executeReport": "erswsExecuteReportResponse",
    "registerTerminal": "erswsRegisterTerminalResponse",
    "unregisterTerminal": "erswsResponse",
    "assignSeqrId": "erswsResponse",
    "getClientSessionInfo": "erswsClientSessionInfoResponse",
}

UNSUPPORTED: Final = {
    "requestTopup": "erswsTopupResponse",
    "requestTransfer": "erswsTransferResponse",
    "requestPurchase": "erswsPurchaseResponse",
    "requestPrincipalInformation": "erswsPrincipalInformationResponse",
    "changePrincipalPassword": "erswsResponse",
    "confirmCustomerRegistration": "erswsResponse",
    "benchmarkingNop": "erswsResponse",
}
"""The returns of operations that SEQR declares and no shop calls."""

REQUESTS: Final = {
    "sendInvoice": "context:clientContext invoice:invoice tokens*:customerToken",
    "updateInvoice": (
        "context:clientContext invoiceReference invoice:invoice tokens*:customerToken"
    ),
    "getPaymentStatus": "context:clientContext invoiceReference invoiceVersion!:int",
    "cancelInvoice": "context:clientContext invoiceReference",
    "commitReservation": "context:clientContext amount:amount invoiceReference",
    "submitPaymentReceipt": ("context:clientContext ersReference receiptDocument:receiptDocument"),
    "refundPayment": "context:clientContext ersReference invoice:invoice",
    "markTransactionPeriod": "context:clientContext parameters:parameterMap",
    "executeReport": "context:clientContext reportId language parameters:parameterMap",
    "registerTerminal": "context:clientContext externalTerminalId password name",
    "unregisterTerminal": "context:clientContext",
    "assignSeqrId": "context:clientContext seqrId",
    "getClientSessionInfo": "context:clientContext key",
    "requestTopup": (
        "context:clientContext senderPrincipalId:principalId topupPrincipalId:principalId "
        "senderAccountSpecifier:principalAccountSpecifier "
        "topupAccountSpecifier:principalAccountSpecifier productId amount:amount"
    ),
    "requestTransfer": (
        "context:clientContext senderPrincipalId:principalId receiverPrincipalId:principalId "
        "senderAccountSpecifier:principalAccountSpecifier "
        "receiverAccountSpecifier:principalAccountSpecifier productId amount:amount"
    ),
    "requestPurchase": (
        "context:clientContext senderPrincipalId:principalId receiverPrincipalId:principalId "
        "senderAccountSpecifier:principalAccountSpecifier "
        "receiverAccountSpecifier:principalAccountSpecifier purchaseOrder*:purchaseOrderRow"
    ),
    "requestPrincipalInformation": "context:clientContext principalId:principalId",
    "changePrincipalPassword": ("context:clientContext principalId:principalId newPassword"),
    "confirmCustomerRegistration": (
        "context:clientContext principalId:principalId secondaryPrincipalId:principalId "
        "registrationReference"
    ),
    "benchmarkingNop": "",
    "clientContext": (
        "channel clientComment clientId clientReference clientRequestTimeout!:long "
        "initiatorPrincipalId:principalId password"
    ),
    "principalId": "id type userId",
    "receiptDocument": "mimeType receiptData:base64Binary receiptType",
    "parameterMap": "parameter:entries",
    "purchaseOrderRow": "productSpecifier:principalPurchaseProductSpecifier purchaseCount!:int",
}

ENUMERATIONS: Final = {
    "invoiceStatus": ("ISSUED PAID PENDING_ISSUER_ACKNOWLEDGE CANCELED FAILED RESERVED EXPIRED"),
    "paymentMode": (
        "IMMEDIATE_DEBIT RESERVATION_DESIRED RESERVATION_REQUIRED "
        "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT"
    ),
    "acknowledgmentMode": ("NO_ACKNOWLEDGMENT OPTIONAL_ACKNOWLEDGMENT REQUIRE_ACKNOWLEDGMENT"),
}


def _decimal(text: str) -> None:
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise ValueError(text)
    Decimal(text)


def _date_time(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)


def _int(text: str) -> None:
    if not -(2**31) <= int(text) < 2**31:
        raise ValueError(text)


SCALARS: Final[dict[str, Callable[[str], object]]] = {
    "string": str,
    "int": _int,
    "long": int,
    "decimal": _decimal,
    "dateTime": _date_time,
    "base64Binary": lambda text: base64.b64decode(text, validate=True),
}

_FIELD = re.compile(r"(\w+)(!?)(\*?)(?::(\w+))?")


def assert_published_form(response: SoapResponse, operation: str) -> None:
    """Check envelope, names, order, namespaces and types of a response."""
    assert response.status == 200
    assert response.root.tag == f"{{{SOAP}}}Envelope"
    assert [child.tag for child in response.root] == [f"{{{SOAP}}}Body"]
    assert [child.tag for child in response.root[0]] == [f"{{{SEQR}}}{operation}Response"]
    assert [child.tag for child in response.content] == ["return"]
    _check_type(response.content[0], (RETURNS | UNSUPPORTED)[operation])


def _check_type(element: etree._Element, name: str) -> None:
    if name in ENUMERATIONS:
        assert element.text in ENUMERATIONS[name].split()
    elif name in SCALARS:
        assert len(element) == 0
        SCALARS[name](element.text or "")
    else:
        _check_elements(element, name)
    assert not element.attrib


def _check_elements(element: etree._Element, name: str) -> None:
    fields = [_FIELD.fullmatch(field) for field in TYPES[name].split()]
    order = [field[1] for field in fields if field]
    found = [str(child.tag) for child in element]
    assert set(found) <= set(order), f"{name} has no {set(found) - set(order)}"
    assert found == sorted(found, key=order.index), f"{name}: {found} is out of order"
    for field in fields:
        assert field is not None
        children = element.findall(field[1])
        assert len(children) <= 1 or field[3], f"{name}: {field[1]} comes several times"
        assert children or not field[2], f"{name}: {field[1]} is missing"
        for child in children:
            _check_type(child, field[4] or "string")
