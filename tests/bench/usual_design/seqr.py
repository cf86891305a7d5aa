"""SEQR's operations through zeep: one client of each service per process."""

import uuid
from functools import cache
from pathlib import Path
from typing import Any

import requests
import zeep
from django.conf import settings

from tests.bench.usual_design.models import Invoice

WSDL = Path(__file__).parents[3] / "payments" / "seqr" / "wsdl"
NAMESPACE = "{http://external.interfaces.ers.seamless.com/}"
PAYMENTS, SESSIONS = "ERSWSExternalClientService", "ERSWSClientSessionInfoService"
CONNECTIONS = 16


class SeqrRefusedError(Exception):
    """SEQR answered with another result code than 0."""


def get_client_session_info(token: str) -> dict[str, str]:
    """Return the parameters of a customer's session: msisdn, subscriberKey, those of the code."""
    answer = _service(SESSIONS).getClientSessionInfo(context=_context(), key=token)
    return {entry.key: entry.value for entry in _checked(answer).parameters.entry}


def send_invoice(invoice: Invoice) -> str:
    """Send an invoice; return its reference."""
    order = invoice.order
    rows = [
        {
            "itemDescription": row.product.name,
            "itemQuantity": row.quantity,
            "itemUnitPrice": _amount(row.unit_price),
            "itemTotalAmount": _amount(row.quantity * row.unit_price),
        }
        for row in order.rows.select_related("product")
    ]
    answer = _service(PAYMENTS).sendInvoice(
        context=_context(),
        invoice={
            "paymentMode": "IMMEDIATE_DEBIT",
            "acknowledgmentMode": "NO_ACKNOWLEDGMENT",
            "issueDate": order.created_at,
            "title": "Kafé Vanlig",
            "clientInvoiceId": str(order.public_id),
            "invoiceRows": {"invoiceRow": rows},
            "totalAmount": _amount(order.total),
            "cashierId": "web",
            "footer": f"Order {order.pk}",
            "notificationUrl": f"{settings.PUBLIC_BASE_URL}/notify/{invoice.notify_key}",
            "backURL": f"{settings.PUBLIC_BASE_URL}/usual/order",
        },
    )
    return str(_checked(answer).invoiceReference)


def get_payment_status(reference: str, version: int) -> Any:
    """Return zeep's answer: status, version, ersReference, receipt."""
    return _checked(
        _service(PAYMENTS).getPaymentStatus(
            context=_context(), invoiceReference=reference, invoiceVersion=version
        )
    )


def submit_payment_receipt(ers_reference: str, html: str) -> None:
    """Submit a receipt."""
    document = {"mimeType": "text/html", "receiptData": html.encode(), "receiptType": "RECEIPT"}
    _checked(
        _service(PAYMENTS).submitPaymentReceipt(
            context=_context(), ersReference=ers_reference, receiptDocument=document
        )
    )


@cache
def _service(name: str) -> Any:
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
    untyped: Any = zeep
    transport = untyped.Transport(session=session, operation_timeout=settings.SEQR_TIMEOUT_SECONDS)
    client = untyped.Client(str(WSDL / f"{name}.wsdl"), transport=transport)
    url = settings.SEQR_SERVICE_URL if name == PAYMENTS else settings.SEQR_SESSION_URL
    return client.create_service(f"{NAMESPACE}{name}Binding", url)


def _context() -> dict[str, Any]:
    return {
        "channel": "ClientWS",
        "clientId": "usual design",
        "clientReference": uuid.uuid4().hex,
        "clientRequestTimeout": 0,
        "initiatorPrincipalId": {"id": settings.SEQR_TERMINAL_ID, "type": "TERMINALID"},
        "password": settings.SEQR_TERMINAL_PASSWORD,
    }


def _amount(value: Any) -> dict[str, Any]:
    return {"currency": "SEK", "value": value}


def _checked(answer: Any) -> Any:
    if answer.resultCode != 0:
        raise SeqrRefusedError(f"{answer.resultCode} {answer.resultDescription}")
    return answer
