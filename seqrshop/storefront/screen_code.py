"""The QR code of an order's invoice, for a customer whose app is on another device."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from orders.models import CustomerSession
from orders.screen_code import drawing_of
from payments import seqr
from payments.invoices.create import current_invoice
from seqrshop.storefront.endpoint import endpoint, for_customer, json_answer
from seqrshop.storefront.json_output import payable_reference
from seqrshop.storefront.orders import order_of


@endpoint("GET", "HEAD")
@for_customer
def show(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Tell how to draw the code; there is none but while the order can be paid."""
    order = order_of(session.customer, public_id)
    reference = payable_reference(order, current_invoice(order))
    if reference is None:
        return json_answer({"code": None})
    size, path = drawing_of(seqr.invoice_url(reference))
    return json_answer({"code": {"size": size, "path": path}})
