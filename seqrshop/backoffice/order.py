from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderState, SubjectType
from orders.models.order import SERVABLE_STATES
from payments.exports.order_tables import ORDERS
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_orders import CANCEL_ORDERS, CHECK_ORDERS, SERVE_ORDERS
from seqrshop.backoffice.columns import AgeColumn
from seqrshop.backoffice.exports.lists import ExportedList
from seqrshop.backoffice.formatting import local_time, money, table_of
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.invoice_actions import can_be_checked
from seqrshop.backoffice.order_actions import invoice_of
from seqrshop.backoffice.order_slip import slip_of
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.references import short_reference
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.search import SEARCH_HELP, orders_matching
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.slip_receipts import receipt_response
from seqrshop.backoffice.state_pills import pill


@admin.register(Order)
class OrderAdmin(AgeColumn, ExportedList[Order], HistoryAdmin[Order]):
    """Orders: found by number, reference or phone number; never edited."""

    exported_table = ORDERS
    subject_type = SubjectType.ORDER
    list_display = (
        "order_number",
        "table",
        "total_with_currency",
        "state_pill",
        "shop",
        "payment_reference",
        "ordered",
        "age",
    )
    list_filter = ("state", ("shop", OwnRowsFilter))
    date_hierarchy = "created_at"
    indexed_fields = ("id", "created_at")
    time_field = "created_at"
    is_indexed_by_shop = True
    search_fields = ("invoices__invoice_reference",)
    search_help_text = SEARCH_HELP
    fields = ()
    change_form_template = "staff/order_slip.html"
    actions = ("mark_as_served", "check_with_seqr", "cancel_at_seqr")

    has_serve_permission = permission_check("orders.serve_order")
    has_check_permission = permission_check("payments.check_invoice")
    has_cancel_permission = permission_check("payments.cancel_invoice")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Read each order with its shop and its payments."""
        queryset = super().get_queryset(request)
        return queryset.select_related("shop").prefetch_related("invoices")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by number, by SEQR's references or by phone number."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(orders_matching(search_term)), False

    @admin.display(description=_("number"), ordering="id")
    def order_number(self, order: Order) -> str:
        """Return the order's number."""
        return order.number

    @admin.display(description=_("total"), ordering="total")
    def total_with_currency(self, order: Order) -> str:
        """Return the total with its currency."""
        return money(order.total, order.currency)

    @admin.display(description=_("table"))
    def table(self, order: Order) -> str:
        """Return the table whose code was scanned."""
        return table_of(order)

    @admin.display(description=_("state"), ordering="state")
    def state_pill(self, order: Order) -> str:
        """Return the state in its colour."""
        return pill(OrderState(order.state))

    @admin.display(description=_("payment reference"))
    def payment_reference(self, order: Order) -> str:
        """Return SEQR's payment reference."""
        invoice = invoice_of(order)
        return short_reference(invoice.ers_reference if invoice else None)

    @admin.display(description=_("ordered"), ordering="created_at")
    def ordered(self, order: Order) -> str:
        """Return when the order was placed."""
        return local_time(order.created_at)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the order as a slip."""
        order = context.get("original")
        if order is not None:
            context["slip"] = slip_of(request, order)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Add the receipts, as the customer has them."""
        receipt = self.admin_site.admin_view(self.receipt)
        return [
            path("<int:order_id>/receipt/", receipt, name="orders_order_receipt"),
            *super().get_urls(),
        ]

    def receipt(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Return the receipt of a paid order as a PDF, or another of its receipts by `?number=`."""
        if not request.user.has_perms(("orders.view_order", "payments.view_invoice")):
            raise PermissionDenied
        order = get_object_or_404(own_rows(request, Order.objects.all()), pk=order_id)
        invoice = invoice_of(order)
        if invoice is None:
            raise Http404
        return receipt_response(invoice, request.GET.get("number", ""))

    def row_actions(self, order: Order) -> tuple[str, ...]:
        """Offer what the order's state and its payment allow."""
        invoice = invoice_of(order)
        is_open = invoice is not None and invoice.is_open
        helpful = {
            "mark_as_served": order.state in SERVABLE_STATES and order.served_at is None,
            "check_with_seqr": invoice is not None and can_be_checked(invoice),
            "cancel_at_seqr": is_open,
        }
        return tuple(action for action, helps in helpful.items() if helps)

    def history_filter(self, order: Order) -> dict[str, Any]:
        """Include the events of the order's payments, refunds and cases."""
        return {"order": order.pk}

    @admin.action(description=_("Mark as served"), permissions=["serve"])
    def mark_as_served(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> HttpResponse | None:
        """Mark each chosen order as served."""
        return run_bulk_action(self, request, queryset, SERVE_ORDERS)

    @admin.action(description=_("Check with SEQR"), permissions=["check"])
    def check_with_seqr(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> HttpResponse | None:
        """Check the payment of each chosen order with SEQR."""
        return run_bulk_action(self, request, queryset, CHECK_ORDERS)

    @admin.action(description=_("Cancel the order"), permissions=["cancel"])
    def cancel_at_seqr(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> HttpResponse | None:
        """Cancel the payment of each chosen order at SEQR, which cancels the order."""
        return run_bulk_action(self, request, queryset, CANCEL_ORDERS)
