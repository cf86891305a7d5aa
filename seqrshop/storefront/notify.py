"""Receives SEQR's payment notifications."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.invoices.notification import invoice_notified
from payments.polling.status_checks import check_status_soon


@csrf_exempt
@require_POST
def notify(request: HttpRequest, secret: str) -> HttpResponse:
    """Start a status check of the address's invoice, and respond at once.

    The request proves nothing, and its body is not read: SEQR's status decides.
    """
    invoice_id = invoice_notified(secret)
    if invoice_id is None:
        raise Http404
    check_status_soon(invoice_id, ChangeSource(SourceName.NOTIFICATION))
    return HttpResponse(headers={"Cache-Control": "no-store"})
