"""The receipts of an order, as pages and as PDFs, in the order's own language.

Authorised by the customer session or by the order's return key: a link that a web view opens
carries no header, and perhaps no cookie. A receipt names no customer.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from orders.models import CustomerSession
from payments.invoices.create import current_of
from payments.models import Invoice, Receipt
from payments.receipts.content import ReceiptContent
from payments.receipts.document import content_of, is_shown, receipt_of_order, receipt_of_payment
from payments.receipts.mail import file_name
from payments.receipts.rendering import receipt_pdf
from payments.tasks import enqueue
from seqrshop.mail_server import has_mail_server
from seqrshop.storefront import api_errors, rate_limits, receipt_mail
from seqrshop.storefront.endpoint import (
    endpoint,
    json_response,
    require_customer,
    require_same_origin,
)
from seqrshop.storefront.order_queries import customer_invoice
from seqrshop.storefront.pages import invoices_by_return_key
from seqrshop.storefront.tasks import mail_receipt

MAIL_ID = re.compile(r"[-\w]{1,32}", re.ASCII)


@require_safe
@never_cache
@require_customer
def show(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Show the receipt of a customer's payment."""
    return _page(request, _receipt_of(customer_invoice(session, public_id)))


@require_safe
@never_cache
@require_customer
def show_pdf(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Download the receipt of a customer's payment."""
    return _pdf(_receipt_of(customer_invoice(session, public_id)))


@require_safe
@never_cache
def show_by_key(request: HttpRequest, return_key: str, number: int | None = None) -> HttpResponse:
    """Show a receipt to the holder of the order's return key: the payment's, or by its number."""
    return _page(request, _receipt_by_key(return_key, number))


@require_safe
@never_cache
def show_pdf_by_key(
    request: HttpRequest, return_key: str, number: int | None = None
) -> HttpResponse:
    """Download a receipt as the holder of the order's return key."""
    return _pdf(_receipt_by_key(return_key, number))


@csrf_exempt  # the return key authorises the request; the web view may keep no cookie
@require_POST
@never_cache
@sensitive_post_parameters("address")
def mail(request: HttpRequest, return_key: str, number: int) -> HttpResponse:
    """Mail a receipt to an address, as the holder of the order's return key."""
    require_same_origin(request)
    receipt = _receipt_by_key(return_key, number)
    if not has_mail_server():
        raise api_errors.not_found()
    rate_limits.count(rate_limits.RECEIPT_MAIL, order=receipt.invoice.order_id)
    address = request.POST.get("address", "").strip()
    with override(receipt.invoice.order.language):
        try:
            validate_email(address)
            mail_id, is_new = receipt_mail.prepare_mail(receipt.pk, address)
        except ValidationError:
            error = _("Enter an e-mail address, such as name@example.com.")
            return _page(request, receipt, error=error, status=400)
        except receipt_mail.TooManyMails:
            error = _("This receipt has been mailed many times today. Save it as a PDF instead.")
            return _page(request, receipt, error=error, status=429)
        except receipt_mail.MailUnavailable:
            error = _("Mail is not available right now. Save the receipt as a PDF instead.")
            return _page(request, receipt, error=error, status=503)
    if is_new:
        enqueue(mail_receipt, receipt.pk, mail_id, expires=receipt_mail.MAIL_SECONDS)
    page = _url("receipt_by_number", return_key, number)
    return redirect(f"{page}?mail={mail_id}#mail")


@endpoint("GET", "HEAD")
def mail_state(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Return what is known of a mail, to the page that waits for it."""
    return json_response({"state": receipt_mail.state_of(mail_id)})


def _page(
    request: HttpRequest, receipt: Receipt, *, error: str = "", status: int = 200
) -> HttpResponse:
    order = receipt.invoice.order
    content, key = _content_of(receipt), {"return_key": order.return_key}
    mail_id = request.GET.get("mail", "") if has_mail_server() else ""
    if not MAIL_ID.fullmatch(mail_id):
        mail_id = ""
    context = {
        "receipt": content,
        "shop": order.shop,
        "pdf_url": _url("receipt_pdf_by_number", order.return_key, content.number),
        "order_url": reverse("return_page", kwargs=key),
        "leave_url": settings.SEQR_LEAVE_URL,
        "credits": [
            (each, _url("receipt_by_number", order.return_key, each.number))
            for each in content.credits
        ],
        "credited_url": content.credited
        and _url("receipt_by_number", order.return_key, content.credited.number),
        "mail_url": (
            _url("receipt_mail", order.return_key, content.number) if has_mail_server() else ""
        ),
        "mail_state": receipt_mail.state_of(mail_id) if mail_id else "",
        "mail_state_url": reverse("receipt_mail_state", args=[mail_id]) if mail_id else "",
        "mail_error": error,
        "mail_address": request.POST.get("address", "") if error else "",
    }
    with override(order.language):
        response = render(request, "storefront/receipt_page.html", context, status=status)
    response["Content-Language"] = order.language
    return response


def _pdf(receipt: Receipt) -> HttpResponse:
    order, content = receipt.invoice.order, _content_of(receipt)
    rate_limits.count(rate_limits.PDF, order=order.pk)
    with override(order.language):
        name = file_name(content)
    return HttpResponse(
        receipt_pdf(content),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _url(name: str, return_key: str, number: int) -> str:
    return reverse(name, kwargs={"return_key": return_key, "number": number})


def _content_of(receipt: Receipt) -> ReceiptContent:
    if not is_shown(receipt):
        raise api_errors.not_found()
    return content_of(receipt)


def _receipt_of(invoice: Invoice) -> Receipt:
    """Return the receipt of an invoice's payment. Raises ApiError 404."""
    try:
        return receipt_of_payment(invoice.pk)
    except Receipt.DoesNotExist:
        raise api_errors.not_found() from None


def _receipt_by_key(return_key: str, number: int | None) -> Receipt:
    """Return a receipt of the order with this return key. Raises ApiError 404."""
    invoices = invoices_by_return_key(return_key)
    if number is None:
        return _receipt_of(current_of(invoices))
    try:
        return receipt_of_order(invoices[0].order_id, number)
    except Receipt.DoesNotExist:
        raise api_errors.not_found() from None
