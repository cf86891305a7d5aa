from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ColorInput, ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.models import Order, Product, QrCode, Shop, Terminal
from orders.models.order import OPEN_STATES
from orders.pictures import make_logo, save_once
from orders.qr import payload
from orders.services import mark_paused
from payments.availability.messages import shop_unavailable_message
from seqrshop.backoffice.action_results import change_each
from seqrshop.backoffice.links import admin_url, list_url
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.picture_field import PictureField
from seqrshop.backoffice.qr_code import regenerate
from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.shop_inlines import CategoryInline, OpeningHoursInline, ProductInline
from seqrshop.backoffice.shop_scope import has_all_shops


class ShopForm(ModelForm[Shop]):
    """A shop. A new service ID must fit in the printed codes; the terminal is the seller's."""

    logo = PictureField(
        make_logo,
        label=_("logo"),
        help_text=_("JPEG, PNG or WebP. Shown before the name, on the accent colour."),
    )
    terminal = ModelChoiceField(Terminal.objects.filter(retired_at=None), label=_("terminal"))

    class Meta:
        model = Shop
        fields = (
            "name",
            "slug",
            "service_id",
            "seller",
            "terminal",
            "currency",
            "accent",
            "logo",
            "pause_note_sv",
            "pause_note_en",
        )
        widgets = {"accent": ColorInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["logo"] = self.instance.logo

    def save(self, commit: bool = True) -> Shop:
        """Save the logo before the shop that refers to it."""
        self.instance.logo = save_once(self.instance.logo)
        return super().save(commit)

    def clean_service_id(self) -> str:
        """Refuse an ID that makes one of the shop's codes break the print rules."""
        service_id: str = self.cleaned_data["service_id"]
        if self.instance.pk and "service_id" in self.changed_data:
            for code in self.instance.qr_codes.defer("svg", "png"):
                try:
                    payload(Shop(service_id=service_id), code.parameters)
                except ValidationError as error:
                    raise ValidationError(
                        _("The code “%(placement)s” has no room for this ID: %(reason)s"),
                        params={"placement": code.placement, "reason": " ".join(error.messages)},
                    ) from error
        return service_id

    def clean_terminal(self) -> Terminal:
        """Refuse a terminal of another seller."""
        terminal: Terminal = self.cleaned_data["terminal"]
        seller = self.cleaned_data.get("seller")
        if seller is not None and terminal.seller_id != seller.pk:
            raise ValidationError(_("This terminal belongs to another seller."))
        return terminal


@admin.register(Shop)
class ShopAdmin(RowActionsAdmin[Shop]):
    """Shops: their products, codes and opening hours, and the addresses to register with SEQR."""

    form = ShopForm
    list_display = (
        "name",
        "slug",
        "service_id",
        "terminal",
        "products_on_sale",
        "open_orders",
        "paused",
    )
    list_filter = (("terminal", OwnRowsFilter),)
    list_select_related = ("terminal",)
    inlines = (OpeningHoursInline, CategoryInline, ProductInline)
    actions = ("pause", "open", "regenerate_codes")
    readonly_fields = (
        "accepting_orders",
        "order_url",
        "success_url",
        "failure_url",
        "cancel_url",
        "codes",
    )

    has_pause_permission = permission_check("orders.pause_shop")
    has_codes_permission = permission_check("orders.change_qrcode")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        """Count each shop's products on sale and open orders."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                product_count=_count(Product.objects.filter(on_sale=True)),
                open_order_count=_count(Order.objects.filter(state__in=OPEN_STATES)),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Require all shops, since the new one would belong to nobody else."""
        return super().has_add_permission(request) and has_all_shops(request)

    def has_delete_permission(self, request: HttpRequest, obj: Shop | None = None) -> bool:
        """Require all shops, as for adding one."""
        return super().has_delete_permission(request, obj) and has_all_shops(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Let those with all shops alone choose the seller and the terminal: others share them."""
        fixed = () if has_all_shops(request) else ("seller", "terminal")
        return (*fixed, *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Leave out of a new shop's page the parts that need a saved shop."""
        identity = ("name", "slug", "service_id", "seller", "terminal")
        typed = (None, {"fields": (*identity, "currency", "accent", "logo")})
        if obj is None:
            return (typed,)
        orders = {"fields": ("accepting_orders", "pause_note_sv", "pause_note_en")}
        addresses = {
            "fields": ("order_url", "success_url", "failure_url", "cancel_url"),
            "description": _(
                "Register these four addresses with SEQR. They change with the web address."
            ),
        }
        return (
            typed,
            (_("Orders"), orders),
            (_("Addresses"), addresses),
            (_("Printed codes"), {"fields": ("codes",)}),
        )

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:
        """Save the shop, and warn about printed codes when the service ID has changed."""
        super().save_model(request, obj, form, change)
        if change and "service_id" in form.changed_data and obj.qr_codes.exists():
            self.message_user(
                request,
                _("The printed codes still have the old service ID: regenerate and print them."),
                messages.WARNING,
            )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Protect a shop that has orders, naming their number instead of listing them."""
        kept = [
            ngettext("%(shop)s: %(n)d order", "%(shop)s: %(n)d orders", number)
            % {"shop": shop, "n": number}
            for shop in objs
            if (number := Order.objects.filter(shop=shop).count())
        ]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def row_actions(self, shop: Shop) -> tuple[str, ...]:
        """Offer to pause or to open, and to regenerate all codes."""
        return ("open" if shop.paused else "pause", "regenerate_codes")

    @admin.display(description=_("products on sale"), ordering="product_count")
    def products_on_sale(self, shop: Any) -> int:
        """Return the number of products that customers see."""
        return int(shop.product_count)

    @admin.display(description=_("open orders"), ordering="open_order_count")
    def open_orders(self, shop: Any) -> int:
        """Return the number of orders awaiting payment."""
        return int(shop.open_order_count)

    @admin.display(description=_("right now"))
    def accepting_orders(self, shop: Shop) -> str:
        """Return the message by which customers are turned away, if they are."""
        return shop_unavailable_message(shop) or str(_("Open for orders."))

    @admin.display(description=_("order page"))
    def order_url(self, shop: Shop) -> str:
        """Return the address that SEQR opens after a scan."""
        return _address_field(shop, "order_page", _("order page"))

    @admin.display(description=_("success page"))
    def success_url(self, shop: Shop) -> str:
        """Return the address that SEQR opens after a payment."""
        return _address_field(shop, "success_page", _("success page"))

    @admin.display(description=_("failure page"))
    def failure_url(self, shop: Shop) -> str:
        """Return the address that SEQR opens after a failed payment."""
        return _address_field(shop, "failure_page", _("failure page"))

    @admin.display(description=_("cancel page"))
    def cancel_url(self, shop: Shop) -> str:
        """Return the address that SEQR opens after a cancelled payment."""
        return _address_field(shop, "cancel_page", _("cancel page"))

    @admin.display(description=_("codes"))
    def codes(self, shop: Shop) -> str:
        """Return links to the shop's codes, and to the form for another."""
        number = shop.qr_codes.count()
        return format_html(
            '<a href="{}">{}</a> · <a href="{}?shop={}">{}</a>',
            list_url(QrCode, shop__id__exact=shop.pk),
            ngettext("%(n)d QR code", "%(n)d QR codes", number) % {"n": number},
            admin_url(QrCode, "add"),
            shop.pk,
            _("Add another"),
        )

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Stop orders at the chosen shops."""
        change = partial(mark_paused, paused=True)
        change_each(self, request, queryset, change, _("Paused"))

    @admin.action(description=_("Open"), permissions=["pause"])
    def open(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Accept orders again at the chosen shops, within their opening hours."""
        change = partial(mark_paused, paused=False)
        change_each(self, request, queryset, change, _("Opened"))

    @admin.action(description=_("Regenerate all QR codes"), permissions=["codes"])
    def regenerate_codes(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Regenerate every code of the chosen shops."""
        regenerate(self, request, QrCode.objects.filter(shop__in=queryset.values("pk")))


def _address_field(shop: Shop, page: str, label: Promise) -> str:
    """Return a page's address in a field, where a click and Ctrl-A, or Tab, selects all of it."""
    path = reverse(page, kwargs={"slug": shop.slug})
    return format_html(
        '<input type="text" class="vLargeTextField" readonly value="{}" aria-label="{}">',
        f"{settings.PUBLIC_BASE_URL}{path}",
        label,
    )


def _count(queryset: QuerySet[Any]) -> Coalesce:
    counts = (
        queryset.filter(shop=OuterRef("pk"))
        .order_by()
        .values("shop")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)
