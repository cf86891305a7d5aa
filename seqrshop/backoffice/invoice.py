from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import Order, SubjectType
from payments.models import Invoice, InvoiceDiscount, InvoiceStatus, LoyaltyAnswer
from seqrshop.backoffice.action_results import too_many
from seqrshop.backoffice.capture import capture_invoice
from seqrshop.backoffice.detail import FROM_DETAIL, detail_url
from seqrshop.backoffice.formatting import NOTHING, age, money
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.invoice_actions import MOST_AT_ONCE, ask, cancel, each
from seqrshop.backoffice.readonly import ReadOnlyInline
from seqrshop.backoffice.refund import refund_invoice
from seqrshop.backoffice.search import SEARCH_HELP, customers_found, number_in, reference_found


class DiscountInline(ReadOnlyInline[InvoiceDiscount, Invoice]):
    """What a loyalty card took off."""

    model = InvoiceDiscount
    fields = ("name", "vat_rate", "off")
    readonly_fields = ("name", "off")

    @admin.display(description=_("discount"))
    def name(self, discount: InvoiceDiscount) -> str:
        """Its name on the receipt, in the language of the staff."""
        return discount.name_in(get_language() or "en")

    @admin.display(description=_("amount"))
    def off(self, discount: InvoiceDiscount) -> str:
        """The amount, below 0, with its currency."""
        return money(discount.amount, discount.invoice.currency)


@admin.register(Invoice)
class InvoiceAdmin(HistoryAdmin[Invoice]):
    """Invoices: found by reference, number or phone number; never edited."""

    subject_type = SubjectType.INVOICE
    list_display = (
        "number",
        "shop",
        "sum",
        "status",
        "invoice_reference",
        "ers_reference",
        "age",
    )
    list_filter = ("status", "possibly_reversed", "created_at", "order__shop")
    list_select_related = ("order__shop",)
    search_fields = ("invoice_reference",)
    search_help_text = SEARCH_HELP
    fieldsets = (
        (None, {"fields": ("order_link", "shop", "sum", "status", "reversal")}),
        (
            _("References"),
            {"fields": ("invoice_reference", "ers_reference", "receipt_reference")},
        ),
        (
            _("Course"),
            {
                "fields": (
                    "created_at",
                    "issued_at",
                    "notified_at",
                    "card",
                    "cancel_reason",
                    "paid_at",
                    "sum_in_receipt",
                    "acknowledged_at",
                    "receipt_accepted_at",
                    "invoice_version",
                )
            },
        ),
    )
    readonly_fields = (
        "order_link",
        "shop",
        "sum",
        "reversal",
        "card",
        "receipt_reference",
        "sum_in_receipt",
    )
    actions = ("ask_seqr", "cancel_at_seqr", "take_reserved", "give_money_back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """Read along the order, which the number is made of."""
        return super().get_queryset(request).select_related("order__shop")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        """Find by what people know of an invoice."""
        term = search_term.strip()
        if not term:
            return queryset, False
        order_id, attempt = number_in(term)
        numbered = (
            Q(order_id=order_id) if attempt is None else Q(order_id=order_id, attempt=attempt)
        )
        orders = Order.objects.filter(customer__in=customers_found(term))
        of_customer = Q(order_id__in=list(orders.values_list("pk", flat=True)))
        return queryset.filter(numbered | reference_found(term) | of_customer), False

    @admin.display(description=_("number"), ordering="order_id")
    def number(self, invoice: Invoice) -> str:
        """The order's number and the attempt."""
        return invoice.client_invoice_id

    @admin.display(description=_("order"))
    def order_link(self, invoice: Invoice) -> str:
        """The order, linked to its page."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:orders_order_change", args=[invoice.order_id]),
            invoice.order.number,
        )

    @admin.display(description=_("service"), ordering="order__shop__name")
    def shop(self, invoice: Invoice) -> str:
        """Whose it is."""
        return invoice.order.shop.name

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, invoice: Invoice) -> str:
        """The amount with its currency."""
        return money(invoice.amount, invoice.currency)

    @admin.display(description=_("possibly reversed"))
    def reversal(self, invoice: Invoice) -> str:
        """Whether the customer may have paid and got the money back, unseen by us."""
        return gettext("yes") if invoice.possibly_reversed else gettext("no")

    @admin.display(description=_("loyalty card"))
    def card(self, invoice: Invoice) -> str:
        """What we said to the customer's card, if there was one."""
        if invoice.loyalty_answer is None:
            return NOTHING
        if invoice.discount_unconfirmed:
            return gettext("recognised; SEQR may not know of the discount")
        return str(LoyaltyAnswer(invoice.loyalty_answer).label)

    @admin.display(description=_("reference in SEQR's receipt"))
    def receipt_reference(self, invoice: Invoice) -> str:
        """The receipt's own name for the payment."""
        return invoice.payment_reference or NOTHING

    @admin.display(description=_("amount in SEQR's receipt"))
    def sum_in_receipt(self, invoice: Invoice) -> str:
        """What SEQR says was paid."""
        if invoice.paid_amount is None:
            return NOTHING
        return money(invoice.paid_amount, invoice.paid_currency)

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, invoice: Invoice) -> str:
        """How long ago it was made."""
        return age(invoice.created_at)

    def detail_actions(self, invoice: Invoice) -> tuple[str, ...]:
        """SEQR can be asked about what it has, and cancel what is not paid."""
        asked = ("ask_seqr",) if invoice.invoice_reference else ()
        if invoice.status == InvoiceStatus.PAID:
            return (*asked, "give_money_back")
        if invoice.status == InvoiceStatus.RESERVED:
            asked = (*asked, "take_reserved")
        return (*asked, "cancel_at_seqr") if invoice.is_open else asked

    def get_inlines(self, request: HttpRequest, obj: Invoice | None) -> Any:
        """Show the discounts of an invoice that has some."""
        return [DiscountInline] if obj is not None and obj.discounts.exists() else []

    def get_urls(self) -> list[URLPattern]:
        """Add the pages on which a refund is asked for and a reservation is taken."""
        pages = {"refund": refund_invoice, "commit": capture_invoice}
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

    def has_commit_permission(self, request: HttpRequest) -> bool:
        """Whether this user may take a reserved amount."""
        return request.user.has_perm("payments.capture_invoice")

    @admin.action(description=_("Take the reserved amount"), permissions=["commit"])
    def take_reserved(
        self, request: HttpRequest, queryset: QuerySet[Invoice]
    ) -> HttpResponse | None:
        """Show the page on which what is reserved for one invoice is taken."""
        if queryset.count() != 1:
            self.message_user(request, _("Choose one invoice at a time."), messages.ERROR)
            return None
        return capture_invoice(request, queryset.get().pk)

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Whether this user may give money back."""
        return request.user.has_perm("payments.request_refund")

    @admin.action(description=_("Give money back"), permissions=["refund"])
    def give_money_back(
        self, request: HttpRequest, queryset: QuerySet[Invoice]
    ) -> HttpResponse | None:
        """Show the page on which a refund of one invoice is asked for."""
        if queryset.count() != 1:
            self.message_user(request, _("Choose one invoice at a time."), messages.ERROR)
            return None
        return refund_invoice(request, queryset.get().pk)

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whether this user may ask SEQR."""
        return request.user.has_perm("payments.check_invoice")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whether this user may cancel invoices."""
        return request.user.has_perm("payments.cancel_invoice")

    @admin.action(description=_("Ask SEQR now"), permissions=["ask"])
    def ask_seqr(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> None:
        """Ask SEQR about each chosen invoice, and say what it answered."""
        if not too_many(self, request, queryset, MOST_AT_ONCE):
            each(queryset, partial(ask, source=_by(request))).tell(self, request)

    @admin.action(description=_("Cancel at SEQR"), permissions=["cancel"])
    def cancel_at_seqr(
        self, request: HttpRequest, queryset: QuerySet[Invoice]
    ) -> HttpResponse | None:
        """Ask whether it is meant; then cancel each chosen invoice, and say what came of it."""
        if too_many(self, request, queryset, MOST_AT_ONCE):
            return None
        if "confirmed" in request.POST:
            each(queryset, partial(cancel, source=_by(request))).tell(self, request)
            return None
        from_detail = FROM_DETAIL in request.POST
        context = {
            **self.admin_site.each_context(request),
            "title": _("Cancel at SEQR?"),
            "opts": self.opts,
            "invoices": [
                (invoice, money(invoice.amount, invoice.currency), InvoiceStatus(invoice.status))
                for invoice in queryset
            ],
            "checkbox": ACTION_CHECKBOX_NAME,
            "from_detail": FROM_DETAIL if from_detail else "",
            "back_url": detail_url(self, request.POST[ACTION_CHECKBOX_NAME])
            if from_detail
            else request.get_full_path(),
        }
        return TemplateResponse(request, "admin/payments/invoice/cancel_confirmation.html", context)


def _by(request: HttpRequest) -> ChangeSource:
    return ChangeSource("staff", request.user)
