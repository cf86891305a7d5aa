"""SEQR's notification of a payment."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.invoices.notification import invoice_notified
from payments.polling.status_checks import check_status_soon


@csrf_exempt
@require_POST
def notify(request: HttpRequest, secret: str) -> HttpResponse:
    """Have SEQR asked about the invoice that this address belongs to; answer at once.

    Nothing in the request is believed, and its body is not even read.
    """
    invoice_id = invoice_notified(secret)
    if invoice_id is None:
        raise Http404
    check_status_soon(invoice_id, "notification")
    return HttpResponse(headers={"Cache-Control": "no-store"})
