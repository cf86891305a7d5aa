"""SEQR's message types and operations, as tables.

The WSDL, the validation of requests, and the reading and writing of messages all follow them.
Notation: `name` is an optional string, `name:type` another type, `name!` required, a `*` at the end
0..n; `base > …` extends a type, whose elements come first. The order is the order on the wire.
Source: API reference 2.6.0, WSDL of both services.
"""

import re
from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "http://external.interfaces.ers.seamless.com/"

SCALARS: Final = frozenset({"string", "decimal", "int", "long", "dateTime", "base64Binary"})

ENUMERATIONS: Final = {
    "paymentMode": (
        "IMMEDIATE_DEBIT",
        "RESERVATION_DESIRED",
        "RESERVATION_REQUIRED",
        "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT",
    ),
    "acknowledgmentMode": (
        "NO_ACKNOWLEDGMENT",
        "OPTIONAL_ACKNOWLEDGMENT",
        "REQUIRE_ACKNOWLEDGMENT",
    ),
    "invoiceStatus": (
        "ISSUED",
        "PAID",
        "PENDING_ISSUER_ACKNOWLEDGE",
        "CANCELED",
        "FAILED",
        "RESERVED",
        "EXPIRED",
    ),
}

TYPES: Final = {
    "clientContext": (
        "channel, clientComment, clientId, clientReference, clientRequestTimeout!:long, "
        "initiatorPrincipalId:principalId, password"
    ),
    "principalId": "id, type, userId",
    "amount": "currency, value:decimal",
    "invoice": (
        "paymentMode:paymentMode, acknowledgmentMode:acknowledgmentMode, issueDate:dateTime, "
        "title, clientInvoiceId, invoiceRows:invoiceRows, totalAmount:amount, cashierId, footer, "
        "backURL, notificationUrl, commitReservationTimeout:long"
    ),
    "paymentInvoiceRow": (
        "itemDescription, itemDiscount:amount, itemEAN, itemQuantity:decimal, itemSKU, "
        "itemTaxRate:decimal, itemTotalAmount:amount, itemUnit, itemUnitPrice:amount"
    ),
    "customerToken": "description, id, status!:int, value",
    "receipt": (
        "terminalId, paymentDate:dateTime, clientInvoiceId, invoiceReference, paymentReference, "
        "payerTerminalId, receiverName, invoice:invoice"
    ),
    "receiptDocument": "mimeType, receiptData:base64Binary, receiptType",
    "report": "title, mimeType, content:base64Binary, contentString",
    "parameterMap": "parameter:entries",
    "erswsResponse": "ersReference, resultCode!:int, resultDescription",
    "erswsSendInvoiceResponse": "erswsResponse > invoiceQRCode, invoiceReference",
    "erswsPaymentStatusResponse": (
        "erswsResponse > status:invoiceStatus, receipt:receipt, customerTokens:customerTokens, "
        "version!:int"
    ),
    "erswsMarkTransactionPeriodResponse": "erswsResponse > transactionPeriodId",
    "erswsExecuteReportResponse": "erswsResponse > report:report",
    "erswsClientSessionInfoResponse": "erswsResponse > parameters!:entries",
    "erswsRegisterTerminalResponse": "erswsResponse > terminalId",
}

NAMELESS_TYPES: Final = {
    "invoiceRows": "invoiceRow:paymentInvoiceRow*",
    "customerTokens": "token:customerToken*",
    "entries": "entry:entry*",
    "entry": "key, value",
}
"""Types that the WSDL writes in place, inside the element that has them."""


@dataclass(frozen=True)
class Field:
    """One element of a type."""

    name: str
    type: str
    required: bool
    many: bool


@dataclass(frozen=True)
class Operation:
    """One operation: on which service, what it takes and which type it returns."""

    name: str
    service: str
    request: tuple[Field, ...]
    returns: str


_FIELD = re.compile(r"(?P<name>\w+)(?P<required>!?)(?::(?P<type>\w+))?(?P<many>\*?)")


def _fields(notation: str) -> tuple[Field, ...]:
    found = []
    for part in notation.split(","):
        match = _FIELD.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"not a field: {part!r}")
        found.append(
            Field(
                match["name"],
                match["type"] or "string",
                bool(match["required"]),
                match["many"] == "*",
            )
        )
    return tuple(found)


def split_base(notation: str) -> tuple[str | None, tuple[Field, ...]]:
    """The type that a notation extends, if any, and the fields it adds."""
    base, extends, own = notation.rpartition(">")
    return (base.strip() if extends else None), _fields(own)


def _all_fields(notation: str) -> tuple[Field, ...]:
    base, own = split_base(notation)
    return (_all_fields(TYPES[base]) if base else ()) + own


FIELDS: Final[dict[str, tuple[Field, ...]]] = {
    name: _all_fields(notation) for name, notation in (TYPES | NAMELESS_TYPES).items()
}
"""Every compound type's elements in order, those of its base first."""


def _operation(name: str, request: str, returns: str, service: str = "service") -> Operation:
    return Operation(name, service, _fields(f"context:clientContext{request}"), returns)


_OPERATIONS = (
    _operation(
        "sendInvoice", ", invoice:invoice, tokens:customerToken*", "erswsSendInvoiceResponse"
    ),
    _operation(
        "updateInvoice",
        ", invoiceReference, invoice:invoice, tokens:customerToken*",
        "erswsResponse",
    ),
    _operation(
        "getPaymentStatus", ", invoiceReference, invoiceVersion!:int", "erswsPaymentStatusResponse"
    ),
    _operation("cancelInvoice", ", invoiceReference", "erswsResponse"),
    _operation("commitReservation", ", amount:amount, invoiceReference", "erswsResponse"),
    _operation(
        "submitPaymentReceipt", ", ersReference, receiptDocument:receiptDocument", "erswsResponse"
    ),
    _operation("refundPayment", ", ersReference, invoice:invoice", "erswsResponse"),
    _operation(
        "markTransactionPeriod", ", parameters:parameterMap", "erswsMarkTransactionPeriodResponse"
    ),
    _operation(
        "executeReport",
        ", reportId, language, parameters:parameterMap",
        "erswsExecuteReportResponse",
    ),
    _operation(
        "registerTerminal", ", externalTerminalId, password, name", "erswsRegisterTerminalResponse"
    ),
    _operation("unregisterTerminal", "", "erswsResponse"),
    _operation("assignSeqrId", ", seqrId", "erswsResponse"),
    _operation("getClientSessionInfo", ", key", "erswsClientSessionInfoResponse", "session"),
)

OPERATIONS: Final[dict[str, Operation]] = {operation.name: operation for operation in _OPERATIONS}

SERVICES: Final = {
    "service": "ERSWSExternalClientService",
    "session": "ERSWSClientSessionInfoService",
}
"""The two SOAP services, by the last part of their path."""
