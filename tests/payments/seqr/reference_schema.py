"""SEQR's messages as its API reference lists them, independent of the bundled WSDL.

Each field is a name and a type, in order. A trailing `!` marks a required element and `*` a
repeated one; all others are optional. A list is the content of a nested element.
"""

from typing import Final, Union

Fields = list[tuple[str, Union[str, "Fields"]]]

TYPES: Final[dict[str, Fields]] = {
    "clientContext": [
        ("channel", "string"),
        ("clientComment", "string"),
        ("clientId", "string"),
        ("clientReference", "string"),
        ("clientRequestTimeout!", "long"),
        ("initiatorPrincipalId", "principalId"),
        ("password", "string"),
    ],
    "principalId": [("id", "string"), ("type", "string"), ("userId", "string")],
    "amount": [("currency", "string"), ("value", "decimal")],
    "invoice": [
        ("paymentMode", "paymentMode"),
        ("acknowledgmentMode", "acknowledgmentMode"),
        ("issueDate", "dateTime"),
        ("title", "string"),
        ("clientInvoiceId", "string"),
        ("invoiceRows", [("invoiceRow*", "paymentInvoiceRow")]),
        ("totalAmount", "amount"),
        ("cashierId", "string"),
        ("footer", "string"),
        ("backURL", "string"),
        ("notificationUrl", "string"),
        ("commitReservationTimeout", "long"),
    ],
    "paymentInvoiceRow": [
        ("itemDescription", "string"),
        ("itemDiscount", "amount"),
        ("itemEAN", "string"),
        ("itemQuantity", "decimal"),
        ("itemSKU", "string"),
        ("itemTaxRate", "decimal"),
        ("itemTotalAmount", "amount"),
        ("itemUnit", "string"),
        ("itemUnitPrice", "amount"),
    ],
    "customerToken": [
        ("description", "string"),
        ("id", "string"),
        ("status!", "int"),
        ("value", "string"),
    ],
    "receipt": [
        ("terminalId", "string"),
        ("paymentDate", "dateTime"),
        ("clientInvoiceId", "string"),
        ("invoiceReference", "string"),
        ("paymentReference", "string"),
        ("payerTerminalId", "string"),
        ("receiverName", "string"),
        ("invoice", "invoice"),
    ],
    "receiptDocument": [
        ("mimeType!", "string"),
        ("receiptData!", "base64Binary"),
        ("receiptType!", "string"),
    ],
    "report": [
        ("title", "string"),
        ("mimeType", "string"),
        ("content", "base64Binary"),
        ("contentString", "string"),
    ],
    "parameterMap": [("parameter", [("entry*", [("key", "string"), ("value", "string")])])],
    "erswsResponse": [
        ("ersReference", "string"),
        ("resultCode!", "int"),
        ("resultDescription", "string"),
    ],
}

RESPONSE_EXTENSIONS: Final[dict[str, Fields]] = {
    "erswsSendInvoiceResponse": [("invoiceQRCode", "string"), ("invoiceReference", "string")],
    "erswsPaymentStatusResponse": [
        ("status", "invoiceStatus"),
        ("receipt", "receipt"),
        ("customerTokens", [("token*", "customerToken")]),
        ("version!", "int"),
    ],
    "erswsMarkTransactionPeriodResponse": [("transactionPeriodId", "string")],
    "erswsExecuteReportResponse": [("report", "report")],
    "erswsClientSessionInfoResponse": [
        ("parameters!", [("entry*", [("key", "string"), ("value", "string")])])
    ],
    "erswsRegisterTerminalResponse": [("terminalId", "string")],
}
"""The fields that each response adds after those of erswsResponse."""

_CONTEXT = ("context", "clientContext")

REQUESTS: Final[dict[str, Fields]] = {
    "sendInvoice": [_CONTEXT, ("invoice", "invoice"), ("tokens*", "customerToken")],
    "updateInvoice": [
        _CONTEXT,
        ("invoiceReference", "string"),
        ("invoice", "invoice"),
        ("tokens*", "customerToken"),
    ],
    "getPaymentStatus": [_CONTEXT, ("invoiceReference", "string"), ("invoiceVersion!", "int")],
    "cancelInvoice": [_CONTEXT, ("invoiceReference", "string")],
    "commitReservation": [_CONTEXT, ("amount", "amount"), ("invoiceReference", "string")],
    "submitPaymentReceipt": [
        _CONTEXT,
        ("ersReference", "string"),
        ("receiptDocument", "receiptDocument"),
    ],
    "refundPayment": [_CONTEXT, ("ersReference", "string"), ("invoice", "invoice")],
    "markTransactionPeriod": [_CONTEXT, ("parameters", "parameterMap")],
    "executeReport": [
        _CONTEXT,
        ("reportId", "string"),
        ("language", "string"),
        ("parameters", "parameterMap"),
    ],
    "registerTerminal": [
        _CONTEXT,
        ("externalTerminalId", "string"),
        ("password", "string"),
        ("name", "string"),
    ],
    "unregisterTerminal": [_CONTEXT],
    "assignSeqrId": [_CONTEXT, ("seqrId", "string")],
    "getClientSessionInfo": [_CONTEXT, ("key", "string")],
}

RESPONSE_TYPES: Final[dict[str, str]] = {
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
