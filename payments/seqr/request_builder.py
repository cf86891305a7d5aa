"""The SOAP envelopes that are sent, rendered by zeep from our own WSDL of SEQR's services."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

from payments.seqr.types import Amount, CustomerToken, Invoice, InvoiceRow, ReceiptDocument

PAYMENT_SERVICE = "ERSWSExternalClientService"
SESSION_SERVICE = "ERSWSClientSessionInfoService"

_WSDL_DIRECTORY = Path(__file__).parent / "wsdl"
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(service: str, operation: str, elements: dict[str, Any]) -> bytes:
    """Return the envelope of one request; `elements` are those below the operation's own.

    None leaves an element out. Characters that XML 1.0 cannot hold are dropped from texts: a
    control character in a product's name must not stop a sale. Any number of threads may call it.
    """
    client = _zeep_client(service)
    texts = _without_unspeakable(elements)
    envelope = client.create_message(client.service, operation, **texts)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


@cache
def _zeep_client(service: str) -> Any:
    """Return the client that knows this service's messages, built once per process."""
    wsdl = _WSDL_DIRECTORY / f"{service}.wsdl"
    return zeep.Client(str(wsdl), transport=_BundledFilesOnly())  # type: ignore[no-untyped-call]


class _BundledFilesOnly:
    """What zeep gets as its transport: it can read our WSDL and do nothing else."""

    def load(self, address: str) -> bytes:
        return (_WSDL_DIRECTORY / Path(address).name).read_bytes()


def invoice_elements(invoice: Invoice) -> dict[str, Any]:
    """Return the elements of `invoice`, named as SEQR names them."""
    return {
        "paymentMode": invoice.payment_mode.value,
        "acknowledgmentMode": invoice.acknowledgment_mode.value,
        "issueDate": invoice.issue_date,
        "title": invoice.title,
        "clientInvoiceId": invoice.client_invoice_id,
        "invoiceRows": {"invoiceRow": [_row_elements(row) for row in invoice.rows]},
        "totalAmount": amount_elements(invoice.total_amount),
        "cashierId": invoice.cashier_id,
        "footer": invoice.footer,
        "backURL": invoice.back_url,
        "notificationUrl": invoice.notification_url,
        "commitReservationTimeout": invoice.commit_reservation_timeout_seconds,
    }


def amount_elements(amount: Amount | None) -> dict[str, Any] | None:
    """Return currency and value, the value always with two decimals."""
    if amount is None:
        return None
    return {"currency": amount.currency, "value": f"{amount.value:.2f}"}


def token_elements(tokens: tuple[CustomerToken, ...]) -> list[dict[str, Any]]:
    """Return the elements of each token."""
    return [
        {
            "description": token.description,
            "id": token.id,
            "status": token.status,
            "value": token.value,
        }
        for token in tokens
    ]


def receipt_document_elements(document: ReceiptDocument) -> dict[str, Any]:
    """Return the elements of `document`; zeep writes the data in base64."""
    return {
        "mimeType": document.mime_type,
        "receiptData": document.receipt_data,
        "receiptType": document.receipt_type,
    }


def parameter_elements(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return SEQR's map of `parameters`, in their order."""
    entries = [{"key": key, "value": value} for key, value in parameters.items()]
    return {"parameter": {"entry": entries}}


def _row_elements(row: InvoiceRow) -> dict[str, Any]:
    return {
        "itemDescription": row.item_description,
        "itemDiscount": amount_elements(row.item_discount),
        "itemEAN": row.item_ean,
        "itemQuantity": f"{row.item_quantity:f}",
        "itemSKU": row.item_sku,
        "itemTaxRate": None if row.item_tax_rate is None else f"{row.item_tax_rate:f}",
        "itemTotalAmount": amount_elements(row.item_total_amount),
        "itemUnit": row.item_unit,
        "itemUnitPrice": amount_elements(row.item_unit_price),
    }


def speakable(text: str) -> str:
    """Return `text` freed of characters that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("", text)


def _without_unspeakable(value: Any) -> Any:
    """Return `value` with every text in it made speakable."""
    if isinstance(value, str):
        return speakable(value)
    if isinstance(value, dict):
        return {name: _without_unspeakable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_unspeakable(part) for part in value]
    return value
