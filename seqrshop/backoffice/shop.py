from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ColorInput
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.models import Order, Product, QrCode, Shop
from orders.models.order import OPEN_STATES
from orders.pictures import keep, logo
from orders.qr import payload
from orders.services import mark_paused
from payments.availability.messages import closed_message
from seqrshop.backoffice.action_results import Report
from seqrshop.backoffice.detail import DetailActionsAdmin
from seqrshop.backoffice.menu import CategoryInline, OpeningHoursInline, ProductInline
from seqrshop.backoffice.picture import PictureField
from seqrshop.backoffice.qr_code import regenerate
from seqrshop.backoffice.typed import ModelForm


class ShopForm(ModelForm[Shop]):
    """A shop. A new service ID must leave room in the codes that are printed already."""

    logo = PictureField(
        logo,
        label=_("logo"),
        help_text=_("JPEG, PNG or WebP. It stands before the name, on the accent colour."),
    )

    class Meta:
        model = Shop
        fields = (
            "name",
            "slug",
            "service_id",
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
        """Keep the logo before the shop that refers to it."""
        self.instance.logo = keep(self.instance.logo)
        return super().save(commit)

    def clean_service_id(self) -> str:
        """Refuse an ID with which one of the shop's codes would break the print rules."""
        service_id: str = self.cleaned_data["service_id"]
        if self.instance.pk and "service_id" in self.changed_data:
            for code in self.instance.qr_codes.defer("svg", "png"):
                try:
                    payload(Shop(service_id=service_id), code.parameters)
                except ValidationError as error:
                    raise ValidationError(
                        _("The code “%(placement)s” cannot hold this ID: %(reason)s"),
                        params={"placement": code.placement, "reason": " ".join(error.messages)},
                    ) from error
        return service_id


@admin.register(Shop)
class ShopAdmin(DetailActionsAdmin[Shop]):
    """Services: their products, and what SEQR must be told about them."""

    form = ShopForm
    list_display = ("name", "slug", "service_id", "products_on_sale", "open_orders", "paused")
    inlines = (OpeningHoursInline, CategoryInline, ProductInline)
    actions = ("pause", "open", "regenerate_codes")
    readonly_fields = (
        "orders_now",
        "order_url",
        "success_url",
        "failure_url",
        "cancel_url",
        "codes",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        """Count along what the list shows."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                number_of_products=_count(Product.objects.filter(on_sale=True)),
                number_of_open_orders=_count(Order.objects.filter(state__in=OPEN_STATES)),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """The addresses can be told once the slug is saved."""
        typed = (None, {"fields": ("name", "slug", "service_id", "currency", "accent", "logo")})
        if obj is None:
            return (typed,)
        orders = {"fields": ("orders_now", "pause_note_sv", "pause_note_en")}
        addresses = {
            "fields": ("order_url", "success_url", "failure_url", "cancel_url"),
            "description": _("Hand these four to SEQR. They change with the slug."),
        }
        return (
            typed,
            (_("Orders"), orders),
            (_("Addresses"), addresses),
            (_("Printed codes"), {"fields": ("codes",)}),
        )

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:
        """Save it, and remind of the codes on the walls when the shop ID has changed."""
        super().save_model(request, obj, form, change)
        if change and "service_id" in form.changed_data and obj.qr_codes.exists():
            self.message_user(
                request,
                _("The printed codes still hold the old service ID: regenerate and print them."),
                messages.WARNING,
            )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say of a shop with orders that it stays, instead of listing every order."""
        kept = [
            ngettext("%(shop)s: %(n)d order", "%(shop)s: %(n)d orders", number)
            % {"shop": shop, "n": number}
            for shop in objs
            if (number := Order.objects.filter(shop=shop).count())
        ]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def detail_actions(self, shop: Shop) -> tuple[str, ...]:
        """Pause it or open it, and all its codes at once."""
        return ("open" if shop.paused else "pause", "regenerate_codes")

    @admin.display(description=_("products on sale"), ordering="number_of_products")
    def products_on_sale(self, shop: Any) -> int:
        """How many products a customer can choose from."""
        return int(shop.number_of_products)

    @admin.display(description=_("open orders"), ordering="number_of_open_orders")
    def open_orders(self, shop: Any) -> int:
        """How many orders are not settled yet."""
        return int(shop.number_of_open_orders)

    @admin.display(description=_("just now"))
    def orders_now(self, shop: Shop) -> str:
        """What customers are told of why no order is taken, if none is."""
        return closed_message(shop) or str(_("Orders are taken."))

    @admin.display(description=_("order page"))
    def order_url(self, shop: Shop) -> str:
        """Where a scan leads."""
        return _address(shop, "order_page")

    @admin.display(description=_("success page"))
    def success_url(self, shop: Shop) -> str:
        """Where a payment leads."""
        return _address(shop, "success_page")

    @admin.display(description=_("failure page"))
    def failure_url(self, shop: Shop) -> str:
        """Where a failed payment leads."""
        return _address(shop, "failure_page")

    @admin.display(description=_("cancel page"))
    def cancel_url(self, shop: Shop) -> str:
        """Where a cancelled payment leads."""
        return _address(shop, "cancel_page")

    @admin.display(description=_("codes"))
    def codes(self, shop: Shop) -> str:
        """Links to the shop's codes, and to a new one."""
        number = shop.qr_codes.count()
        return format_html(
            '<a href="{}?shop__id__exact={}">{}</a> · <a href="{}?shop={}">{}</a>',
            reverse("admin:orders_qrcode_changelist"),
            shop.pk,
            ngettext("%(n)d QR code", "%(n)d QR codes", number) % {"n": number},
            reverse("admin:orders_qrcode_add"),
            shop.pk,
            _("Add another"),
        )

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whether this user may stop and start the taking of orders."""
        return request.user.has_perm("orders.pause_shop")

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Have the chosen shops take no orders."""
        self._mark(request, queryset, paused=True)

    @admin.action(description=_("Open"), permissions=["pause"])
    def open(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Have the chosen shops take orders again, within their hours."""
        self._mark(request, queryset, paused=False)

    def _mark(self, request: HttpRequest, services: QuerySet[Shop], *, paused: bool) -> None:
        report = Report()
        for shop in services:
            outcome = _("Paused") if paused else _("Opened")
            with transaction.atomic():
                changed = mark_paused(shop, paused=paused)
                if changed:
                    self.log_change(request, shop, str(outcome))
            if changed:
                report.add(messages.SUCCESS, outcome, shop)
            else:
                report.add(messages.INFO, _("Nothing to change"), shop)
        report.tell(self, request)

    def has_codes_permission(self, request: HttpRequest) -> bool:
        """Whether this user may make codes anew."""
        return request.user.has_perm("orders.change_qrcode")

    @admin.action(description=_("Regenerate all QR codes"), permissions=["codes"])
    def regenerate_codes(self, request: HttpRequest, queryset: QuerySet[Shop]) -> None:
        """Make every code of the chosen shops anew."""
        regenerate(self, request, QrCode.objects.filter(shop__in=queryset.values("pk")))


def _address(shop: Shop, page: str) -> str:
    path = reverse(page, kwargs={"slug": shop.slug})
    # A field, not text: a click and Ctrl-A, or the Tab key, selects the whole of it.
    return format_html(
        '<input type="text" class="vLargeTextField" readonly value="{}" aria-label="{}">',
        f"{settings.PUBLIC_BASE_URL}{path}",
        page.replace("_", " "),
    )


def _count(queryset: QuerySet[Any]) -> Coalesce:
    numbers = (
        queryset.filter(shop=OuterRef("pk"))
        .order_by()
        .values("shop")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)
