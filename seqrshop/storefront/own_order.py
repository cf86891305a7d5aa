"""Reads a customer's order and authenticates its customer, in one statement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import CharField, F, QuerySet, UUIDField
from django.db.models.functions import Now
from django.http import HttpRequest

from orders.compiled_query import CompiledQuery, Parameter
from orders.services import rows_column
from payments.models import Invoice
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.endpoint import authenticate, presented_digests


def _invoices_of_session() -> QuerySet[Any, Any]:
    sessions = "order__customer__sessions"
    conditions: dict[str, Any] = {
        f"{sessions}__token_digest": Parameter("token_digest", CharField()),
        f"{sessions}__expires_at__gt": Now(),
        "order__public_id": Parameter("public_id", UUIDField()),
    }
    annotations: dict[str, Any] = {
        "order_rows": rows_column("order"),
        "session_expires_at": F(f"{sessions}__expires_at"),
    }
    invoices: QuerySet[Any, Any] = Invoice.objects.select_related("order__shop")
    invoices = invoices.filter(**conditions).annotate(**annotations)
    return invoices.order_by()


_INVOICES_OF_SESSION = CompiledQuery(_invoices_of_session)


def read_own_order(request: HttpRequest, public_id: UUID) -> list[Any]:
    """Return all invoices of an order of the request's customer, each with the order and its rows.

    `session_expires_at` says until when the customer may read them. Counts the request against the
    rate limit of reads. Raises ApiError as `require_customer` does, and 404 for an order that does
    not exist or is another customer's.
    """
    for digest in presented_digests(request):
        invoices = _INVOICES_OF_SESSION.fetch(token_digest=digest, public_id=public_id)
        if invoices:
            _count(digest, invoices[0].order.customer_id)
            return invoices
    session = authenticate(request)
    _count(session.token_digest, session.customer_id)
    raise api_errors.not_found()


def _count(digest: str, customer_id: int) -> None:
    rate_limits.count(rate_limits.READ, token=digest, customer=customer_id)
