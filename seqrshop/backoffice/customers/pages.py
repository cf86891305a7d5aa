"""Looks up a customer by phone number, shows and exports what is kept, and erases it.

A phone number is posted and never in an address, which servers log. Customers belong to every shop,
so a person bound to some shops finds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orders.audit import by_staff, record_customer_events
from orders.clock import database_now
from orders.models import Customer, EventName, Order, OrderState
from orders.services import in_sequence
from payments.privacy.erasure import ErasureHeld, erase_customer
from payments.privacy.holds import holds_of
from payments.privacy.kept import kept_of_customers, kept_of_staff
from payments.privacy.person import customer_data
from seqrshop.backoffice.delivery import delivery_lines
from seqrshop.backoffice.formatting import local_time, money, phone_number, table_of
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.search_terms import MAX_TERM_CHARACTERS, read_term
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows
from seqrshop.backoffice.state_pills import pill

EXPORT_PERMISSION = "orders.export_customer"
ERASE_PERMISSION = "orders.erase_customer"
SHOWN_ORDERS = 50  # the newest; the file has all


@dataclass(frozen=True)
class ShownOrder:
    """An order as the customer's page lists it."""

    number: str
    address: str
    pill: str
    shop: str
    table: str
    ordered: str
    total: str
    contents: str
    note: str
    delivery: str


def kept_page(request: HttpRequest) -> HttpResponse:
    """Show what is kept of customers and colleagues, why and for how long, to all staff."""
    context = {
        **admin.site.each_context(request),
        "title": _("What is kept about people"),
        "of_customers": kept_of_customers(),
        "of_staff": kept_of_staff(),
        "may_look_up": request.user.has_perm(EXPORT_PERMISSION),
    }
    return TemplateResponse(request, "staff/kept.html", context)


def lookup_page(request: HttpRequest) -> HttpResponse:
    """Ask for a phone number, and open its customer."""
    require_permission(request, EXPORT_PERMISSION)
    text = request.POST.get("phone", "").strip()[:MAX_TERM_CHARACTERS]
    error, customers = "", list[Customer]()
    if request.method == "POST":
        numbers = read_term(text).msisdns
        found = own_rows(request, Customer.objects.filter(msisdn__in=numbers))
        with_orders = found.annotate(orders_made=Count("orders"), latest=Max("orders__created_at"))
        customers = list(with_orders.order_by("-pk"))
        if len(customers) == 1:
            return HttpResponseRedirect(_address("customer", customers[0].pk))
        if not customers:
            error = _no_customer(numbers)
    context = {
        **admin.site.each_context(request),
        "title": _("Customer data"),
        "has_all_shops": has_all_shops(request),
        "phone": text,
        "error": error,
        "found": [(each, _address("customer", each.pk)) for each in customers],
    }
    return TemplateResponse(request, "staff/customer_lookup.html", context)


def customer_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show what is kept about a customer."""
    require_permission(request, EXPORT_PERMISSION)
    customer = _customer(request, customer_id)
    orders = Order.objects.filter(customer=customer).select_related("shop", "delivery")
    newest = list(orders.prefetch_related("rows").order_by("-pk")[: SHOWN_ORDERS + 1])
    context = {
        **_context(request, customer),
        "title": str(customer),
        "orders": [_shown(order) for order in newest[:SHOWN_ORDERS]],
        "has_more": len(newest) > SHOWN_ORDERS,
        "shown_orders": SHOWN_ORDERS,
        "sessions": customer.sessions.select_related("shop").order_by("pk"),
        "may_erase": request.user.has_perm(ERASE_PERMISSION),
    }
    return TemplateResponse(request, "staff/customer.html", context)


@require_POST
def export(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Answer with all that is kept of a customer, as a file. The audit records it."""
    require_permission(request, EXPORT_PERMISSION)
    customer = _customer(request, customer_id)
    name = f"customer-{customer.pk}-{timezone.localdate()}.json"
    with transaction.atomic():
        data = customer_data(customer, database_now())
        record_customer_events(
            [customer.pk],
            EventName.CUSTOMER_EXPORTED,
            by_staff(request.user),
            detail=f"{name}; orders: {len(data['orders'])}",
        )
    return JsonResponse(
        data,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def erase_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Ask for confirmation, then erase a customer's data, unless something is open."""
    require_permission(request, ERASE_PERMISSION)
    customer = _customer(request, customer_id)
    if "confirmed" in request.POST:
        try:
            erase_customer(customer.pk, by_staff(request.user))
        except ErasureHeld:
            messages.error(request, _("Not erased. Something has been opened meanwhile."))
        else:
            messages.success(request, _("The customer's personal data is erased."))
            return HttpResponseRedirect(_address("customers"))
    context = {
        **_context(request, customer),
        "title": _("Erase the customer's personal data?"),
        "holds": [
            (hold.order_number, hold.reason.label) for hold in holds_of(customer.pk, database_now())
        ],
    }
    return TemplateResponse(request, "staff/customer_erase.html", context)


def _context(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "customer": customer,
        "phone": phone_number(customer.msisdn),
        "orders_made": Order.objects.filter(customer=customer).count(),
        "customer_url": _address("customer", customer.pk),
        "export_url": _address("customer_export", customer.pk),
        "erase_url": _address("customer_erase", customer.pk),
    }


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    """Return a customer who is not erased. Raises Http404, for a person bound to shops too."""
    customer = own_rows(request, Customer.objects.filter(pk=customer_id, erased_at=None)).first()
    if customer is None:
        raise Http404
    return customer


def _shown(order: Order) -> ShownOrder:
    rows = in_sequence(order.rows.all())
    return ShownOrder(
        number=order.number,
        address=page_url(order),
        pill=pill(OrderState(order.state)),
        shop=order.shop.name,
        table=table_of(order),
        ordered=local_time(order.created_at),
        total=money(order.total, order.currency),
        contents=", ".join(map(str, rows)),
        note="; ".join(filter(None, [order.note, *(row.note for row in rows)])),
        delivery=", ".join(delivery_lines(getattr(order, "delivery", None))),
    )


def _no_customer(numbers: tuple[str, ...]) -> str:
    if not numbers:
        return _("Enter the whole phone number, such as 070-123 45 67.")
    return _("Nothing is kept about a customer with this phone number.")


def _address(page: str, *args: object) -> str:
    return reverse(f"staff:{page}", args=args)
