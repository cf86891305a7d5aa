"""The receipt of a paid order, as a page and as a PDF, in the order's own language.

Authorised by the customer session or by the order's return key: a link that a web view opens
carries no header, and perhaps no cookie. The receipt names no customer.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orders.models import CustomerSession
from payments.invoices.create import current_of
from payments.models import Invoice
from payments.receipts.content import Receipt
from payments.receipts.document import has_receipt, receipt_of
from payments.receipts.pdf import receipt_pdf
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.endpoint import require_customer
from seqrshop.storefront.order_queries import customer_invoice
from seqrshop.storefront.pages import invoices_by_return_key


@require_safe
@never_cache
@require_customer
def show(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Show a customer's receipt."""
    return _page(request, customer_invoice(session, public_id))


@require_safe
@never_cache
@require_customer
def show_pdf(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Download a customer's receipt."""
    return _pdf(customer_invoice(session, public_id))


@require_safe
@never_cache
def show_by_key(request: HttpRequest, return_key: str) -> HttpResponse:
    """Show the receipt to the holder of the order's return key."""
    return _page(request, current_of(invoices_by_return_key(return_key)))


@require_safe
@never_cache
def show_pdf_by_key(request: HttpRequest, return_key: str) -> HttpResponse:
    """Download the receipt as the holder of the order's return key."""
    return _pdf(current_of(invoices_by_return_key(return_key)))


def _page(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    order = invoice.order
    key = {"return_key": order.return_key}
    context = {
        "receipt": _receipt_of(invoice),
        "shop": order.shop,
        "pdf_url": reverse("receipt_pdf", kwargs=key),
        "order_url": reverse("return_page", kwargs=key),
        "leave_url": settings.SEQR_LEAVE_URL,
    }
    with override(order.language):
        response = render(request, "storefront/receipt_page.html", context)
    response["Content-Language"] = order.language
    return response


def _pdf(invoice: Invoice) -> HttpResponse:
    order, receipt = invoice.order, _receipt_of(invoice)
    rate_limits.count(rate_limits.PDF, order=order.pk)
    with override(order.language):
        name = _("receipt-%(number)s.pdf") % {"number": order.number}
    return HttpResponse(
        receipt_pdf(receipt),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _receipt_of(invoice: Invoice) -> Receipt:
    if not has_receipt(invoice):
        raise api_errors.not_found()
    return receipt_of(invoice)
