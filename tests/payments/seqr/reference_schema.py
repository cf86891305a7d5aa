"""SEQR's messages as its API reference lists them, independent of the bundled WSDL.

Elements are in order: `name` is an optional string, `name:type` has another type, `name{...}`
contains elements, `name!` is required and `name*` is repeated. Source: API reference 2.6.0.
"""

import re
from typing import Final, Union

Fields = list[tuple[str, Union[str, "Fields"]]]
"""Each element's name with its mark, and its type or its own elements."""

_ELEMENT = re.compile(r"(\w+[!*]?)(?::(\w+)|\{(.*?)\})?")


def _fields(text: str) -> Fields:
    return [
        (name, _fields(elements) if elements else type_ or "string")
        for name, type_, elements in _ELEMENT.findall(text)
    ]


TYPES: Final[dict[str, Fields]] = {
    name: _fields(elements)
    for name, elements in {
        "clientContext": "channel clientComment clientId clientReference"
        " clientRequestTimeout!:long initiatorPrincipalId:principalId password",
        "principalId": "id type userId",
        "amount": "currency value:decimal",
        "invoice": "paymentMode:paymentMode acknowledgmentMode:acknowledgmentMode"
        " issueDate:dateTime title clientInvoiceId invoiceRows{invoiceRow*:paymentInvoiceRow}"
        " totalAmount:amount cashierId footer backURL notificationUrl"
        " commitReservationTimeout:long",
        "paymentInvoiceRow": "itemDescription itemDiscount:amount itemEAN itemQuantity:decimal"
        " itemSKU itemTaxRate:decimal itemTotalAmount:amount itemUnit itemUnitPrice:amount",
        "customerToken": "description id status!:int value",
        "receipt": "terminalId paymentDate:dateTime clientInvoiceId invoiceReference"
        " paymentReference payerTerminalId receiverName invoice:invoice",
        "receiptDocument": "mimeType! receiptData!:base64Binary receiptType!",
        "report": "title mimeType content:base64Binary contentString",
        "parameterMap": "parameter{entry*:parameterEntry}",
        "parameterEntry": "key value",
        "erswsResponse": "ersReference resultCode!:int resultDescription",
    }.items()
}

RESPONSE_EXTENSIONS: Final[dict[str, Fields]] = {
    name: _fields(elements)
    for name, elements in {
        "erswsSendInvoiceResponse": "invoiceQRCode invoiceReference",
        "erswsPaymentStatusResponse": "status:invoiceStatus receipt:receipt"
        " customerTokens{token*:customerToken} version!:int",
        "erswsMarkTransactionPeriodResponse": "transactionPeriodId",
        "erswsExecuteReportResponse": "report:report",
        "erswsClientSessionInfoResponse": "parameters!{entry*:parameterEntry}",
        "erswsRegisterTerminalResponse": "terminalId",
    }.items()
}
"""The elements that each response adds after those of erswsResponse."""

_OPERATIONS: Final = {
    "sendInvoice": ("invoice:invoice tokens*:customerToken", "erswsSendInvoiceResponse"),
    "updateInvoice": (
        "invoiceReference invoice:invoice tokens*:customerToken",
        "erswsResponse",
    ),
    "getPaymentStatus": (
        "invoiceReference invoiceVersion!:int",
        "erswsPaymentStatusResponse",
    ),
    "cancelInvoice": ("invoiceReference", "erswsResponse"),
    "commitReservation": ("amount:amount invoiceReference", "erswsResponse"),
    "submitPaymentReceipt": ("ersReference receiptDocument:receiptDocument", "erswsResponse"),
    "refundPayment": ("ersReference invoice:invoice", "erswsResponse"),
    "markTransactionPeriod": ("parameters:parameterMap", "erswsMarkTransactionPeriodResponse"),
    "executeReport": ("reportId language parameters:parameterMap", "erswsExecuteReportResponse"),
    "registerTerminal": ("externalTerminalId password name", "erswsRegisterTerminalResponse"),
    "unregisterTerminal": ("", "erswsResponse"),
    "assignSeqrId": ("seqrId", "erswsResponse"),
    "getClientSessionInfo": ("key", "erswsClientSessionInfoResponse"),
}
REQUESTS: Final = {
    name: _fields(f"context:clientContext {elements}")
    for name, (elements, _) in _OPERATIONS.items()
}
RESPONSE_TYPES: Final = {name: response_type for name, (_, response_type) in _OPERATIONS.items()}
