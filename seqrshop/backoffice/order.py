from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import Order, OrderRow, OrderState, SubjectType
from orders.services import serve_order
from orders.transitions import OrderMoveError
from payments.invoices.create import current_invoice
from payments.models import Invoice
from seqrshop.backoffice.action_results import Report, too_many
from seqrshop.backoffice.formatting import NOTHING, age, money, phone_number, when
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.readonly import ReadOnlyInline
from seqrshop.backoffice.search import SEARCH_HELP, orders_found

MOST_SERVED = 200


class RowInline(ReadOnlyInline[OrderRow, Order]):
    """What was ordered."""

    model = OrderRow
    fields = ("name", "article", "quantity", "unit", "price_each", "vat_rate", "row_total")
    readonly_fields = ("name", "article", "price_each", "row_total")

    @admin.display(description=_("product"))
    def name(self, row: OrderRow) -> str:
        """The product's name when it was ordered, in the language of the staff."""
        return row.name_in(get_language() or "en")

    @admin.display(description=_("article number"))
    def article(self, row: OrderRow) -> str:
        """The shop's own number of the product."""
        return row.sku or NOTHING

    @admin.display(description=_("unit price"))
    def price_each(self, row: OrderRow) -> str:
        """The price of one, with its currency."""
        return money(row.unit_price, row.order.currency)

    @admin.display(description=_("total"))
    def row_total(self, row: OrderRow) -> str:
        """The row's total, with its currency."""
        return money(row.total, row.order.currency)


class InvoiceInline(ReadOnlyInline[Invoice, Order]):
    """The attempts to have it paid, each linked to its own page."""

    model = Invoice
    show_change_link = True
    fields = ("status", "invoice_reference", "ers_reference", "sum", "cancel_reason", "created_at")
    readonly_fields = ("sum",)
    ordering = ("id",)

    def has_view_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """An invoice has a permission of its own."""
        return request.user.has_perm("payments.view_invoice")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """Read their order along, which their number is made of."""
        return super().get_queryset(request).select_related("order")

    @admin.display(description=_("amount"))
    def sum(self, invoice: Invoice) -> str:
        """The amount with its currency."""
        return money(invoice.amount, invoice.currency)


@admin.register(Order)
class OrderAdmin(HistoryAdmin[Order]):
    """Orders: found by number, reference or phone number; never edited."""

    subject_type = SubjectType.ORDER
    list_display = (
        "order_number",
        "shop",
        "sum",
        "state",
        "invoice_reference",
        "ers_reference",
        "ordered",
        "age",
    )
    list_filter = ("state", "shop")
    date_hierarchy = "created_at"
    search_fields = ("invoices__invoice_reference",)
    search_help_text = SEARCH_HELP
    fields = ("order_number", "shop", "placed_with", "state", "sum", "phone", "created_at")
    readonly_fields = ("order_number", "placed_with", "sum", "phone")
    inlines = (RowInline, InvoiceInline)
    actions = ("mark_as_served",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Read with each order what its line in the list shows."""
        queryset = super().get_queryset(request)
        return queryset.select_related("shop").prefetch_related("invoices")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by what people know of an order."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(orders_found(search_term)), False

    @admin.display(description=_("number"), ordering="id")
    def order_number(self, order: Order) -> str:
        """The number that people say."""
        return order.number

    @admin.display(description=_("total"), ordering="total")
    def sum(self, order: Order) -> str:
        """The total with its currency."""
        return money(order.total, order.currency)

    @admin.display(description=_("invoice reference"))
    def invoice_reference(self, order: Order) -> str | None:
        """SEQR's reference of the invoice that tells how the order stands."""
        invoice = _invoice_of(order)
        return invoice.invoice_reference if invoice else None

    @admin.display(description=_("payment reference"))
    def ers_reference(self, order: Order) -> str | None:
        """SEQR's reference of the payment."""
        invoice = _invoice_of(order)
        return invoice.ers_reference if invoice else None

    @admin.display(description=_("ordered"), ordering="created_at")
    def ordered(self, order: Order) -> str:
        """When it was ordered."""
        return when(order.created_at)

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, order: Order) -> str:
        """How long ago it was ordered."""
        return age(order.created_at)

    @admin.display(description=_("from the code"))
    def placed_with(self, order: Order) -> str:
        """What the scanned code told: the table, for one."""
        return ", ".join(f"{name}={value}" for name, value in order.parameters.items())

    @admin.display(description=_("customer's phone number"))
    def phone(self, order: Order) -> str:
        """Where the customer can be called."""
        return phone_number(order.customer.msisdn)

    def detail_actions(self, order: Order) -> tuple[str, ...]:
        """Only what is paid can be served."""
        return ("mark_as_served",) if order.state == OrderState.PAID else ()

    def history_of(self, order: Order) -> dict[str, Any]:
        """Its events are those of all that belongs to it."""
        return {"order": order.pk}

    def has_serve_permission(self, request: HttpRequest) -> bool:
        """Whether this user may say that an order has been handed over."""
        return request.user.has_perm("orders.serve_order")

    @admin.action(description=_("Mark as served"), permissions=["serve"])
    def mark_as_served(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Record of each chosen order that it has been handed over."""
        if too_many(self, request, queryset, MOST_SERVED):
            return
        report = Report()
        for order in queryset:
            try:
                served = serve_order(order.pk, ChangeSource("staff", request.user))
            except OrderMoveError:
                state = OrderState(order.state).label
                outcome = _("Not served, as it is not paid but %(state)s") % {"state": state}
                report.add(messages.WARNING, outcome, order.number)
            else:
                report.add(
                    messages.SUCCESS if served else messages.INFO,
                    _("Served") if served else _("Served already"),
                    order.number,
                )
        report.tell(self, request)


def _invoice_of(order: Order) -> Invoice | None:
    return current_invoice(order) if order.invoices.all() else None
