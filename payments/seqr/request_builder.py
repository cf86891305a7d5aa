"""Renders request envelopes: zeep serialises them from the bundled WSDL of SEQR's services."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

from payments.seqr.config import Credentials, SeqrConfig
from payments.seqr.operations import Operation, Principal
from payments.seqr.types import Amount, CustomerToken, Invoice, InvoiceRow, ReceiptDocument

_WSDL_DIRECTORY = Path(__file__).parent / "wsdl"
_INVALID_XML_CHARACTERS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def build_request(
    config: SeqrConfig,
    credentials: Credentials,
    operation: Operation[Any],
    client_reference: str,
    elements: dict[str, Any],
) -> bytes:
    """Return the SOAP envelope of one request; `elements` follow the context, by SEQR's names.

    None omits an element. Texts lose the characters that XML 1.0 does not allow, because a control
    character in a product's name must not stop a sale. Thread-safe.
    """
    context = _context_elements(config, credentials, operation.principal, client_reference)
    texts = _as_xml_text({"context": context, **elements})
    client = _zeep_client(operation.service)
    envelope = client.create_message(client.service, operation.name, **texts)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def xml_text(text: str) -> str:
    """Return `text` without the characters that XML 1.0 does not allow."""
    return _INVALID_XML_CHARACTERS.sub("", text)


def _as_xml_text(value: Any) -> Any:
    """Apply `xml_text` to every text in a structure of elements."""
    if isinstance(value, str):
        return xml_text(value)
    if isinstance(value, dict):
        return {name: _as_xml_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_xml_text(part) for part in value]
    return value


@cache
def _zeep_client(service: str) -> Any:
    """Return zeep's client of a service, made once per process."""
    wsdl = _WSDL_DIRECTORY / f"{service}.wsdl"
    return zeep.Client(str(wsdl), transport=_BundledWsdl())  # type: ignore[no-untyped-call]


class _BundledWsdl:
    """A zeep transport that reads the bundled files and has no network access."""

    def load(self, address: str) -> bytes:
        return (_WSDL_DIRECTORY / Path(address).name).read_bytes()


def _context_elements(
    config: SeqrConfig, credentials: Credentials, principal: Principal, client_reference: str
) -> dict[str, Any]:
    if principal is Principal.TERMINAL:
        initiator = {"id": credentials.terminal_id, "type": "TERMINALID"}
        password = credentials.terminal_password
    else:
        initiator = {
            "id": credentials.reseller_id,
            "type": "RESELLERUSER",
            "userId": credentials.reseller_user_id,
        }
        password = credentials.reseller_password
    return {
        "channel": config.channel,
        "clientId": config.client_id,
        "clientReference": client_reference,
        "clientRequestTimeout": 0,
        "initiatorPrincipalId": initiator,
        "password": password,
    }


def invoice_elements(invoice: Invoice) -> dict[str, Any]:
    """Return SEQR's `invoice`."""
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


def amount_elements(amount: Amount | None) -> dict[str, Any] | None:
    """Return SEQR's `amount`, its value with two decimals."""
    if amount is None:
        return None
    return {"currency": amount.currency, "value": f"{amount.value:.2f}"}


def token_elements(tokens: tuple[CustomerToken, ...]) -> list[dict[str, Any]]:
    """Return a SEQR `customerToken` per token; the fields' names are SEQR's."""
    return [asdict(token) for token in tokens]


def receipt_document_elements(document: ReceiptDocument) -> dict[str, Any]:
    """Return SEQR's `receiptDocument`; zeep encodes the data in base64."""
    return {
        "mimeType": document.mime_type,
        "receiptData": document.receipt_data,
        "receiptType": document.receipt_type,
    }


def parameter_elements(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return SEQR's `parameterMap` of `parameters`, in their order."""
    entries = [{"key": key, "value": value} for key, value in parameters.items()]
    return {"parameter": {"entry": entries}}
