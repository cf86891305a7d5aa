"""The usual design's views."""

import json
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from tests.bench.usual_design import seqr, tasks
from tests.bench.usual_design.models import Customer, Invoice, Order, OrderRow, Product


@require_GET
def live(_request: HttpRequest) -> HttpResponse:
    """Answer a monitor."""
    return HttpResponse("ok")


@require_GET
@ensure_csrf_cookie
def order_page(request: HttpRequest) -> HttpResponse:
    """Show the order page, whose script opens the session."""
    return render(request, "usual_design/order_page.html", {"title": "Kafé Vanlig"})


@csrf_exempt  # the first request of a page that the app has opened
@require_POST
def create_session(request: HttpRequest) -> HttpResponse:
    """Exchange the token for a customer, and sign the customer in to the browser's session."""
    token = json.loads(request.body)["token"]
    if request.session.get("token") != token:
        try:
            parameters = seqr.get_client_session_info(token)
        except seqr.SeqrRefusedError:
            return JsonResponse({"error": "invalid_session"}, status=401)
        customer, _ = Customer.objects.update_or_create(
            subscriber_key=parameters["subscriberKey"], defaults={"msisdn": parameters["msisdn"]}
        )
        request.session.cycle_key()
        request.session["customer"] = customer.pk
        request.session["token"] = token
    latest = _orders().filter(customer=request.session["customer"]).order_by("-pk").first()
    return JsonResponse(
        {
            "products": [
                {
                    "id": product.pk,
                    "name": product.name,
                    "price": f"{product.price:.2f}",
                    "sold_out": product.sold_out,
                }
                for product in Product.objects.order_by("pk")
            ],
            "latest_order": _details(latest) if latest else None,
        }
    )


def customer_required(view: Any) -> Any:
    """Pass the signed-in customer's id to a view; answer 401 without one."""

    @wraps(view)
    def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        customer_id = request.session.get("customer")
        if customer_id is None:
            return JsonResponse({"error": "invalid_session"}, status=401)
        response: HttpResponse = view(request, customer_id, **kwargs)
        return response

    return checked


@csrf_exempt  # it reads JSON only, which another site cannot post
@require_POST
@customer_required
def create_order(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Create an order with its invoice, and enqueue sending it."""
    body = json.loads(request.body)
    products = Product.objects.in_bulk([row["product"] for row in body["rows"]])
    rows = [
        OrderRow(
            product=products[row["product"]],
            quantity=row["quantity"],
            unit_price=products[row["product"]].price,
        )
        for row in body["rows"]
    ]
    with transaction.atomic():
        order, is_new = Order.objects.get_or_create(
            customer_id=customer_id,
            nonce=body["nonce"],
            defaults={"total": sum(row.quantity * row.unit_price for row in rows)},
        )
        if is_new:
            for row in rows:
                row.order = order
            OrderRow.objects.bulk_create(rows)
            invoice = Invoice.objects.create(order=order)
            transaction.on_commit(lambda: tasks.send_invoice.delay(invoice.pk))
    return JsonResponse(_summary(order), status=201 if is_new else 200)


@require_GET
@customer_required
def show_order(_request: HttpRequest, customer_id: int, public_id: UUID) -> HttpResponse:
    """Return a customer's order."""
    order = get_object_or_404(_orders(), public_id=public_id, customer=customer_id)
    return JsonResponse(_details(order))


@csrf_exempt
@require_POST
def notify(_request: HttpRequest, key: str) -> HttpResponse:
    """Enqueue a status query of the notified invoice."""
    invoice = get_object_or_404(Invoice, notify_key=key)
    tasks.refresh_invoice.delay(invoice.pk)
    return HttpResponse()


def _orders() -> Any:
    return Order.objects.select_related("invoice").prefetch_related("rows__product")


def _summary(order: Order) -> dict[str, Any]:
    return {
        "id": str(order.public_id),
        "state": order.state,
        "total": f"{order.total:.2f}",
        "url": reverse("order", kwargs={"public_id": order.public_id}),
    }


def _details(order: Order) -> dict[str, Any]:
    reference = order.invoice.invoice_reference
    payable = order.state == Order.State.AWAITING_PAYMENT and reference is not None
    return {
        **_summary(order),
        "rows": [
            {
                "product": row.product_id,
                "name": row.product.name,
                "quantity": row.quantity,
                "unit_price": f"{row.unit_price:.2f}",
            }
            for row in order.rows.all()
        ],
        "invoice_reference": reference,
        "app_url": f"{settings.SEQR_APP_URL}R{reference}" if payable else None,
        "ers_reference": order.invoice.ers_reference,
    }
