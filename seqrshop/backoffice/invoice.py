from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.languages import current_language
from orders.models import SubjectType
from payments.exports.payment_tables import PAYMENTS
from payments.models import (
    CAPTURED_STATUSES,
    Invoice,
    InvoiceDiscount,
    InvoiceStatus,
    LoyaltyAnswer,
)
from seqrshop.backoffice.action_results import only_row
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_orders import CANCEL_PAYMENTS, CHECK_PAYMENTS
from seqrshop.backoffice.capture import capture_page
from seqrshop.backoffice.columns import AgeColumn, AmountColumn, OrderColumn, StatusColumn
from seqrshop.backoffice.exports.lists import ExportedList
from seqrshop.backoffice.formatting import EMPTY_VALUE, money
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.read_only import ReadOnlyInline
from seqrshop.backoffice.references import short_reference
from seqrshop.backoffice.refund_page import refund_page
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.search import SEARCH_HELP, invoices_matching


class DiscountInline(ReadOnlyInline[InvoiceDiscount, Invoice]):
    """The discounts of a loyalty card."""

    model = InvoiceDiscount
    fields = ("name", "vat_rate", "amount_with_currency")
    readonly_fields = ("name", "amount_with_currency")

    @admin.display(description=_("discount"))
    def name(self, discount: InvoiceDiscount) -> str:
        """Return its name on the receipt, in the language of the staff."""
        return discount.name_in(current_language())

    @admin.display(description=_("amount"))
    def amount_with_currency(self, discount: InvoiceDiscount) -> str:
        """Return the amount, which is below 0, with its currency."""
        return money(discount.amount, discount.invoice.currency)


class PossiblyReversedFilter(admin.SimpleListFilter):
    """The payments that SEQR may have reversed. An index has them, and not all the others."""

    title = _("possible reversal")
    parameter_name = "possibly_reversed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the possibly reversed payments."""
        return [("yes", _("Possibly reversed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        """Keep them if they are chosen."""
        return queryset if self.value() is None else queryset.filter(possibly_reversed=True)


@admin.register(Invoice)
class InvoiceAdmin(
    OrderColumn, AmountColumn, StatusColumn, AgeColumn, ExportedList[Invoice], HistoryAdmin[Invoice]
):
    """Payments: found by reference, number or phone number; never edited."""

    exported_table = PAYMENTS
    subject_type = SubjectType.INVOICE
    statuses = InvoiceStatus
    list_display = (
        "number",
        "shop",
        "amount_with_currency",
        "status_pill",
        "short_invoice_reference",
        "short_ers_reference",
        "age",
    )
    list_filter = ("status", PossiblyReversedFilter, "created_at", ("shop", OwnRowsFilter))
    list_select_related = ("order", "shop")
    indexed_fields = ("id", "order_id")
    time_field = "created_at"
    is_indexed_by_shop = True
    search_fields = ("invoice_reference",)
    search_help_text = SEARCH_HELP
    fieldsets = (
        (None, {"fields": ("order_link", "shop", "amount_with_currency", "status", "reversal")}),
        (
            _("References"),
            {"fields": ("invoice_reference", "payment_references")},
        ),
        (
            _("Timeline"),
            {
                "fields": (
                    "created_at",
                    "issued_at",
                    "notified_at",
                    "card",
                    "cancel_reason",
                    "paid_at",
                    "receipt_amount",
                    "acknowledged_at",
                    "receipt_accepted_at",
                    "invoice_version",
                )
            },
        ),
    )
    readonly_fields = (
        "order_link",
        "amount_with_currency",
        "reversal",
        "card",
        "payment_references",
        "receipt_amount",
    )
    actions = ("check_with_seqr", "cancel_at_seqr", "capture", "refund")

    has_check_permission = permission_check("payments.check_invoice")
    has_cancel_permission = permission_check("payments.cancel_invoice")
    has_capture_permission = permission_check("payments.capture_invoice")
    has_refund_permission = permission_check("payments.request_refund")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """Read each payment with its order, which its number is made of."""
        return super().get_queryset(request).select_related("order", "shop")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        """Find by number, by SEQR's references or by phone number."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(invoices_matching(search_term)), False

    @admin.display(description=_("number"), ordering="order_id")
    def number(self, invoice: Invoice) -> str:
        """Return the order's number and the attempt."""
        return invoice.client_invoice_id

    @admin.display(description=_("invoice reference"))
    def short_invoice_reference(self, invoice: Invoice) -> str:
        """Return SEQR's invoice reference."""
        return short_reference(invoice.invoice_reference)

    @admin.display(description=_("payment reference"))
    def short_ers_reference(self, invoice: Invoice) -> str:
        """Return SEQR's payment reference."""
        return short_reference(invoice.ers_reference)

    @admin.display(description=_("possible reversal"))
    def reversal(self, invoice: Invoice) -> str:
        """Return whether SEQR may have reversed the payment unnoticed."""
        return gettext("yes") if invoice.possibly_reversed else gettext("no")

    @admin.display(description=_("loyalty card"))
    def card(self, invoice: Invoice) -> str:
        """Return our answer to the customer's card, if there was one."""
        if invoice.loyalty_answer is None:
            return EMPTY_VALUE
        if invoice.discount_unconfirmed:
            return gettext("recognised; SEQR may not have the discount")
        return str(LoyaltyAnswer(invoice.loyalty_answer).label)

    @admin.display(description=_("payment reference"))
    def payment_references(self, invoice: Invoice) -> str:
        """Return the payment's reference, and the one in SEQR's receipt where it differs."""
        receipt_reference = invoice.payment_reference
        if receipt_reference in ("", invoice.ers_reference):
            return invoice.ers_reference or EMPTY_VALUE
        return gettext("%(reference)s; in SEQR's receipt: %(receipt_reference)s") % {
            "reference": invoice.ers_reference or EMPTY_VALUE,
            "receipt_reference": receipt_reference,
        }

    @admin.display(description=_("amount in SEQR's receipt"))
    def receipt_amount(self, invoice: Invoice) -> str:
        """Return the paid amount according to SEQR."""
        if invoice.paid_amount is None:
            return EMPTY_VALUE
        return money(invoice.paid_amount, invoice.paid_currency)

    def row_actions(self, invoice: Invoice) -> tuple[str, ...]:
        """Offer the actions that SEQR accepts for a payment in this status."""
        check = ("check_with_seqr",) if invoice.invoice_reference else ()
        if invoice.status in CAPTURED_STATUSES:
            return (*check, "refund")
        if invoice.status == InvoiceStatus.RESERVED:
            return (*check, "capture", "cancel_at_seqr")
        return (*check, "cancel_at_seqr") if invoice.is_open else check

    def get_inlines(self, request: HttpRequest, obj: Invoice | None) -> Any:
        """Show discounts where there are any."""
        return [DiscountInline] if obj is not None and obj.discounts.exists() else []

    def get_urls(self) -> list[URLPattern]:
        """Add the pages for a refund and for a capture."""
        pages = {"refund": refund_page, "capture": capture_page}
        return [
            *(
                path(
                    f"<int:invoice_id>/{name}/",
                    self.admin_site.admin_view(page),
                    name=f"payments_invoice_{name}",
                )
                for name, page in pages.items()
            ),
            *super().get_urls(),
        ]

    @admin.action(description=_("Capture the reserved amount"), permissions=["capture"])
    def capture(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> HttpResponse | None:
        """Show the page on which a reserved amount is captured."""
        invoice = only_row(self, request, queryset)
        return None if invoice is None else capture_page(request, invoice.pk)

    @admin.action(description=_("Refund …"), permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> HttpResponse | None:
        """Show the page on which a payment is refunded."""
        invoice = only_row(self, request, queryset)
        return None if invoice is None else refund_page(request, invoice.pk)

    @admin.action(description=_("Check with SEQR"), permissions=["check"])
    def check_with_seqr(
        self, request: HttpRequest, queryset: QuerySet[Invoice]
    ) -> HttpResponse | None:
        """Check the status of each chosen payment with SEQR."""
        return run_bulk_action(self, request, queryset, CHECK_PAYMENTS)

    @admin.action(description=_("Cancel at SEQR"), permissions=["cancel"])
    def cancel_at_seqr(
        self, request: HttpRequest, queryset: QuerySet[Invoice]
    ) -> HttpResponse | None:
        """Ask for confirmation, then cancel each chosen payment at SEQR."""
        return run_bulk_action(self, request, queryset, CANCEL_PAYMENTS)
