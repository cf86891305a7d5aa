from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.models import Order, OrderRow, OrderState, SubjectType
from orders.models.order import SERVABLE_STATES
from orders.services import serve_order
from orders.state_machine import TransitionError
from payments.invoices.create import current_invoice
from payments.models import Invoice
from seqrshop.backoffice.action_results import ActionResult, run_on_each
from seqrshop.backoffice.columns import AgeColumn, AmountColumn
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time, money, phone_number
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.read_only import ReadOnlyInline
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.search import SEARCH_HELP, orders_matching

SERVE_BATCH_LIMIT = 200


class RowInline(ReadOnlyInline[OrderRow, Order]):
    """The ordered products."""

    model = OrderRow
    fields = ("name", "article", "quantity", "unit", "price_each", "vat_rate", "row_total")
    readonly_fields = ("name", "article", "price_each", "row_total")

    @admin.display(description=_("product"))
    def name(self, row: OrderRow) -> str:
        """Return the product's name when it was ordered, in the language of the staff."""
        return row.name_in(get_language() or "en")

    @admin.display(description=_("article number"))
    def article(self, row: OrderRow) -> str:
        """Return the shop's own number of the product."""
        return row.sku or EMPTY_VALUE

    @admin.display(description=_("unit price"))
    def price_each(self, row: OrderRow) -> str:
        """Return the price of one, with its currency."""
        return money(row.unit_price, row.order.currency)

    @admin.display(description=_("total"))
    def row_total(self, row: OrderRow) -> str:
        """Return the row's total, with its currency."""
        return money(row.total, row.order.currency)


class InvoiceInline(AmountColumn, ReadOnlyInline[Invoice, Order]):
    """The order's payments, each linked to its own page."""

    model = Invoice
    show_change_link = True
    fields = (
        "status",
        "invoice_reference",
        "ers_reference",
        "amount_with_currency",
        "cancel_reason",
        "created_at",
    )
    readonly_fields = ("amount_with_currency",)
    ordering = ("id",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Require the payments' own permission."""
        return request.user.has_perm("payments.view_invoice")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """Read each payment with its order, which its number is made of."""
        return super().get_queryset(request).select_related("order")


@admin.register(Order)
class OrderAdmin(AgeColumn, HistoryAdmin[Order]):
    """Orders: found by number, reference or phone number; never edited."""

    subject_type = SubjectType.ORDER
    list_display = (
        "order_number",
        "shop",
        "total_with_currency",
        "state",
        "invoice_reference",
        "ers_reference",
        "ordered",
        "age",
    )
    list_filter = ("state", ("shop", OwnRowsFilter))
    date_hierarchy = "created_at"
    indexed_fields = ("id", "created_at")
    search_fields = ("invoices__invoice_reference",)
    search_help_text = SEARCH_HELP
    fields = (
        "order_number",
        "shop",
        "scanned_parameters",
        "state",
        "total_with_currency",
        "phone",
        "created_at",
        "served_at",
    )
    readonly_fields = ("order_number", "scanned_parameters", "total_with_currency", "phone")
    inlines = (RowInline, InvoiceInline)
    actions = ("mark_as_served",)

    has_serve_permission = permission_check("orders.serve_order")

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

    @admin.display(description=_("invoice reference"))
    def invoice_reference(self, order: Order) -> str | None:
        """Return SEQR's invoice reference of the payment that decides the order's state."""
        invoice = _current_invoice(order)
        return invoice.invoice_reference if invoice else None

    @admin.display(description=_("payment reference"))
    def ers_reference(self, order: Order) -> str | None:
        """Return SEQR's payment reference."""
        invoice = _current_invoice(order)
        return invoice.ers_reference if invoice else None

    @admin.display(description=_("ordered"), ordering="created_at")
    def ordered(self, order: Order) -> str:
        """Return when the order was placed."""
        return local_time(order.created_at)

    @admin.display(description=_("from the QR code"))
    def scanned_parameters(self, order: Order) -> str:
        """Return the parameters of the scanned code, such as the table."""
        return ", ".join(f"{name}={value}" for name, value in order.parameters.items())

    @admin.display(description=_("customer's phone number"))
    def phone(self, order: Order) -> str:
        """Return the customer's phone number."""
        return phone_number(order.customer.msisdn)

    def row_actions(self, order: Order) -> tuple[str, ...]:
        """Offer serving for a paid order that has not been served."""
        can_be_served = order.state in SERVABLE_STATES and order.served_at is None
        return ("mark_as_served",) if can_be_served else ()

    def history_filter(self, order: Order) -> dict[str, Any]:
        """Include the events of the order's payments, refunds and cases."""
        return {"order": order.pk}

    @admin.action(description=_("Mark as served"), permissions=["serve"])
    def mark_as_served(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Mark each chosen order as served."""

        def serve(order: Order) -> ActionResult:
            try:
                served = serve_order(order.pk, by_staff(request.user))
            except TransitionError:
                state = {"state": OrderState(order.state).label}
                return messages.WARNING, _("Not served, the order is not paid: %(state)s") % state
            if not served:
                return messages.INFO, _("Already served")
            return messages.SUCCESS, _("Served")

        run_on_each(self, request, queryset, serve, batch_limit=SERVE_BATCH_LIMIT)


def _current_invoice(order: Order) -> Invoice | None:
    return current_invoice(order) if order.invoices.all() else None
