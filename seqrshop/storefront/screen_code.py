"""The QR code of an order's invoice, for a customer whose app is on another device."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from orders.models import CustomerSession
from orders.screen_code import drawing_of
from payments import seqr
from seqrshop.storefront.endpoint import endpoint, json_response, require_customer
from seqrshop.storefront.json_output import payable_reference
from seqrshop.storefront.order_queries import customer_invoice


@endpoint("GET", "HEAD")
@require_customer
def show(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Return the code as an SVG path; null unless the order can be paid."""
    reference = payable_reference(customer_invoice(session, public_id))
    if reference is None:
        return json_response({"code": None})
    size, path = drawing_of(seqr.invoice_url(reference))
    return json_response({"code": {"size": size, "path": path}})
