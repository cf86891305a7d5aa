from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import NumberInput, TextInput
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.admin.detail import DetailActionsAdmin
from orders.admin.qr_code import regenerate
from orders.admin.typed import ModelForm, TabularInline
from orders.models import Order, Product, QrCode, Service
from orders.models.order import OPEN_STATES
from orders.qr import payload


class ServiceForm(ModelForm[Service]):
    """A service. A new service ID must leave room in the codes that are printed already."""

    class Meta:
        model = Service
        fields = ("name", "slug", "service_id", "currency")

    def clean_service_id(self) -> str:
        """Refuse an ID with which one of the service's codes would break the print rules."""
        service_id: str = self.cleaned_data["service_id"]
        if self.instance.pk and "service_id" in self.changed_data:
            for code in self.instance.qr_codes.defer("svg", "png"):
                try:
                    payload(Service(service_id=service_id), code.parameters)
                except ValidationError as error:
                    raise ValidationError(
                        _("The code “%(placement)s” cannot hold this ID: %(reason)s"),
                        params={"placement": code.placement, "reason": " ".join(error.messages)},
                    ) from error
        return service_id


class ProductForm(ModelForm[Product]):
    """A product, in fields so narrow that a whole row of them fits a screen."""

    class Meta:
        model = Product
        fields = (
            "on_sale",
            "position",
            "name_sv",
            "name_en",
            "price",
            "vat_rate",
            "unit",
            "sku",
        )
        widgets = {
            "name_sv": TextInput(attrs={"size": 24}),
            "name_en": TextInput(attrs={"size": 24}),
            "price": NumberInput(attrs={"class": "vIntegerField"}),
            "vat_rate": NumberInput(attrs={"class": "vIntegerField"}),
            "unit": TextInput(attrs={"size": 4}),
            "sku": TextInput(attrs={"size": 10}),
        }


class ProductInline(TabularInline[Product, Service]):
    """What the service sells. A product that was ever sold stays: take it off sale instead."""

    model = Product
    form = ProductForm
    extra = 0
    can_delete = False


@admin.register(Service)
class ServiceAdmin(DetailActionsAdmin[Service]):
    """Services: their products, and what SEQR must be told about them."""

    form = ServiceForm
    list_display = ("name", "slug", "service_id", "products_on_sale", "open_orders")
    inlines = (ProductInline,)
    actions = ("regenerate_codes",)
    readonly_fields = ("order_url", "success_url", "failure_url", "cancel_url", "codes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Service]:
        """Count along what the list shows."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                number_of_products=_count(Product.objects.filter(on_sale=True)),
                number_of_open_orders=_count(Order.objects.filter(state__in=OPEN_STATES)),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Service | None = None) -> Any:
        """The addresses can be told once the slug is saved."""
        typed = (None, {"fields": ("name", "slug", "service_id", "currency")})
        if obj is None:
            return (typed,)
        addresses = {
            "fields": ("order_url", "success_url", "failure_url", "cancel_url"),
            "description": _("Hand these four to SEQR. They change with the slug."),
        }
        return (typed, (_("Addresses"), addresses), (_("Printed codes"), {"fields": ("codes",)}))

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        """Save it, and remind of the codes on the walls when the service ID has changed."""
        super().save_model(request, obj, form, change)
        if change and "service_id" in form.changed_data and obj.qr_codes.exists():
            self.message_user(
                request,
                _("The printed codes still hold the old service ID: regenerate and print them."),
                messages.WARNING,
            )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say of a service with orders that it stays, instead of listing every order."""
        kept = [
            ngettext("%(service)s: %(n)d order", "%(service)s: %(n)d orders", number)
            % {"service": service, "n": number}
            for service in objs
            if (number := Order.objects.filter(service=service).count())
        ]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def detail_actions(self, service: Service) -> tuple[str, ...]:
        """All codes of the service at once."""
        return ("regenerate_codes",)

    @admin.display(description=_("products on sale"), ordering="number_of_products")
    def products_on_sale(self, service: Any) -> int:
        """How many products a customer can choose from."""
        return int(service.number_of_products)

    @admin.display(description=_("open orders"), ordering="number_of_open_orders")
    def open_orders(self, service: Any) -> int:
        """How many orders are not settled yet."""
        return int(service.number_of_open_orders)

    @admin.display(description=_("order page"))
    def order_url(self, service: Service) -> str:
        """Where a scan leads."""
        return _address(service, "order_page")

    @admin.display(description=_("success page"))
    def success_url(self, service: Service) -> str:
        """Where a payment leads."""
        return _address(service, "success_page")

    @admin.display(description=_("failure page"))
    def failure_url(self, service: Service) -> str:
        """Where a failed payment leads."""
        return _address(service, "failure_page")

    @admin.display(description=_("cancel page"))
    def cancel_url(self, service: Service) -> str:
        """Where a cancelled payment leads."""
        return _address(service, "cancel_page")

    @admin.display(description=_("codes"))
    def codes(self, service: Service) -> str:
        """Links to the service's codes, and to a new one."""
        number = service.qr_codes.count()
        return format_html(
            '<a href="{}?service__id__exact={}">{}</a> · <a href="{}?service={}">{}</a>',
            reverse("admin:orders_qrcode_changelist"),
            service.pk,
            ngettext("%(n)d QR code", "%(n)d QR codes", number) % {"n": number},
            reverse("admin:orders_qrcode_add"),
            service.pk,
            _("Add another"),
        )

    def has_codes_permission(self, request: HttpRequest) -> bool:
        """Whether this user may make codes anew."""
        return request.user.has_perm("orders.change_qrcode")

    @admin.action(description=_("Regenerate all QR codes"), permissions=["codes"])
    def regenerate_codes(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        """Make every code of the chosen services anew."""
        regenerate(self, request, QrCode.objects.filter(service__in=queryset.values("pk")))


def _address(service: Service, page: str) -> str:
    path = reverse(page, kwargs={"slug": service.slug})
    # A field, not text: a click and Ctrl-A, or the Tab key, selects the whole of it.
    return format_html(
        '<input type="text" class="vLargeTextField" readonly value="{}" aria-label="{}">',
        f"{settings.PUBLIC_BASE_URL}{path}",
        page.replace("_", " "),
    )


def _count(queryset: QuerySet[Any]) -> Coalesce:
    numbers = (
        queryset.filter(service=OuterRef("pk"))
        .order_by()
        .values("service")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)
