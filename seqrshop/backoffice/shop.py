from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ColorInput, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.codes.content import payload
from orders.models import Order, Product, QrCode, Shop
from orders.models.order import OPEN_STATES
from orders.pictures import make_logo, save_once
from orders.services import copy_menu, planned_until
from payments.availability.messages import shop_unavailable_message
from payments.terminals import add_shop
from seqrshop.backoffice.added_once import AddedOnce
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_menu import (
    OPEN_SHOPS,
    PAUSE_PERMISSION,
    PAUSE_SHOPS,
    REGENERATE_CODES,
)
from seqrshop.backoffice.copy_hours import COPY_HOURS_PERMISSIONS
from seqrshop.backoffice.links import admin_url, list_and_add_links
from seqrshop.backoffice.new_shop import NEW_SHOP_FIELDS, NewShopForm, in_capitals
from seqrshop.backoffice.page_addresses import PAGE_NAMES, page_address
from seqrshop.backoffice.permissions import has_permissions, permission_check
from seqrshop.backoffice.picture_field import PictureField
from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.shop_hours import (
    OpeningExceptionInline,
    OpeningHoursInline,
    PlannedPauseInline,
)
from seqrshop.backoffice.shop_inlines import CategoryInline, ProductInline
from seqrshop.backoffice.shop_pages import ShopPagesAdmin
from seqrshop.backoffice.shop_scope import has_all_shops
from seqrshop.backoffice.state_pills import word_pill
from seqrshop.backoffice.tips_field import TipsField

PAUSE_NOTES = ("pause_note_sv", "pause_note_en")
KITCHEN_MINUTES = ("kitchen_amber_minutes", "kitchen_red_minutes")
QUESTIONS = ("asks_dining", "tip_percentages")


class ShopForm(ModelForm[Shop]):
    """A shop. A new service ID must fit in the printed codes."""

    logo = PictureField(
        make_logo,
        label=_("logo"),
        help_text=_("JPEG, PNG or WebP. Shown before the name, on the accent colour."),
    )

    tip_percentages = TipsField(
        required=False,
        label=capfirst(_("tip offered (%)")),
        help_text=_("For example 5, 10. Leave empty if the shop takes no tips."),
    )

    class Meta:
        model = Shop
        fields = (
            "name",
            "slug",
            "service_id",
            "currency",
            "default_vat_rate",
            "accent",
            "logo",
            *PAUSE_NOTES,
            *KITCHEN_MINUTES,
            *QUESTIONS,
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
        service_id = in_capitals(self.cleaned_data["service_id"])
        if self.instance.pk and "service_id" in self.changed_data:
            for code in self.instance.qr_codes.all():
                try:
                    payload(Shop(service_id=service_id), code.parameters)
                except ValidationError as error:
                    raise ValidationError(
                        _("The code “%(placement)s” has no room for this ID: %(reason)s"),
                        params={"placement": code.placement, "reason": " ".join(error.messages)},
                    ) from error
        return service_id


@admin.register(Shop)
class ShopAdmin(AddedOnce, ShopPagesAdmin, RowActionsAdmin[Shop]):
    """Shops: their products, codes and opening hours, and the addresses to register with SEQR."""

    form = ShopForm
    list_display = (
        "name",
        "slug",
        "service_id",
        "terminal",
        "products_on_sale",
        "open_orders",
        "status_pill",
    )
    list_filter = (("terminal", OwnRowsFilter),)
    list_select_related = ("terminal",)
    inlines = (
        OpeningHoursInline,
        OpeningExceptionInline,
        PlannedPauseInline,
        CategoryInline,
        ProductInline,
    )
    actions = ("pause", "open", "regenerate_codes")
    readonly_fields = (
        "accepting_orders",
        "addresses",
        "codes",
        "change_terminal",
        "menu_files",
        "copy_hours",
    )

    has_pause_permission = permission_check(PAUSE_PERMISSION)
    has_codes_permission = permission_check("orders.change_qrcode")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        """Count each shop's products on sale and open orders."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                planned_until=planned_until(),
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

    def get_fieldsets(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Ask for little to add a shop; show the rest on its page."""
        if obj is None:
            return ((None, {"fields": NEW_SHOP_FIELDS}),)
        apart = (*PAUSE_NOTES, *KITCHEN_MINUTES, *QUESTIONS)
        typed = {"fields": [name for name in ShopForm.Meta.fields if name not in apart]}
        orders = {"fields": ("accepting_orders", *PAUSE_NOTES)}
        change_terminal = ("change_terminal",) if self.may_change_terminal(request) else ()
        copy_hours = ("copy_hours",) if has_permissions(request, COPY_HOURS_PERMISSIONS) else ()
        addresses = {
            "fields": ("addresses",),
            "description": _(
                "Register these four addresses with SEQR. They change with the web address."
            ),
        }
        return (
            (None, typed),
            (_("Payments"), {"fields": ("seller", "terminal", *change_terminal)}),
            (_("Orders"), orders),
            (_("Asked when ordering"), {"fields": QUESTIONS}),
            (_("Kitchen"), {"fields": KITCHEN_MINUTES}),
            (_("Addresses"), addresses),
            (_("Printed codes"), {"fields": ("codes",)}),
            (_("Menu and hours"), {"fields": ("menu_files", *copy_hours)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Show a saved shop's seller and terminal; the latter is changed on a page of its own."""
        return (
            self.readonly_fields if obj is None else ("seller", "terminal", *self.readonly_fields)
        )

    def get_form(
        self, request: HttpRequest, obj: Shop | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Use a form of its own for a new shop."""
        if obj is None:
            kwargs["form"] = NewShopForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Shop | None) -> Any:
        """Leave the menu and the opening hours of a new shop to its page."""
        return () if obj is None else self.inlines

    def get_prepopulated_fields(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Write a new shop's web address while its name is typed."""
        return {"slug": ("name",)} if obj is None else {}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one button: the next page is about the new shop in any case."""
        buttons = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **buttons})

    def response_add(
        self, request: HttpRequest, obj: Shop, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Continue with the shop's addresses and codes."""
        self.message_user(request, _("%(shop)s is added.") % {"shop": obj}, messages.SUCCESS)
        return HttpResponseRedirect(f"{admin_url(Shop, 'start', obj.pk)}?check=yes")

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:
        """Save the shop, and warn about printed codes when the service ID has changed."""
        if not change:
            add_shop(obj, by_staff(request.user))
            if copied := form.cleaned_data["copy_menu_of"]:
                copy_menu(copied, obj)
            return
        # The terminal may be changed, or the shop paused, while a long form is processed.
        obj.save(update_fields=ShopForm.Meta.fields)
        if "service_id" in form.changed_data and obj.qr_codes.exists():
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

    def row_actions(self, shop: Any) -> tuple[str, ...]:
        """Offer to pause or to open, and to regenerate all codes."""
        return ("open" if _is_paused(shop) else "pause", "regenerate_codes")

    @admin.display(description=_("products on sale"), ordering="product_count")
    def products_on_sale(self, shop: Any) -> int:
        """Return the number of products that customers see."""
        return int(shop.product_count)

    @admin.display(description=_("open orders"), ordering="open_order_count")
    def open_orders(self, shop: Any) -> int:
        """Return the number of orders awaiting payment."""
        return int(shop.open_order_count)

    @admin.display(description=_("status"), ordering="paused")
    def status_pill(self, shop: Any) -> str:
        """Return whether the staff have paused the shop, planned ahead or not."""
        if _is_paused(shop):
            return word_pill("warn", gettext("paused"))
        return word_pill("ok", gettext("open"))

    @admin.display(description=_("right now"))
    def accepting_orders(self, shop: Shop) -> str:
        """Return the message by which customers are turned away, if they are."""
        return shop_unavailable_message(shop) or str(_("Open for orders."))

    @admin.display(description=_("addresses"))
    def addresses(self, shop: Shop) -> str:
        """Return the addresses that SEQR opens, and a link to the page that checks them."""
        lines = ((page_address(shop, page),) for page in PAGE_NAMES)
        return format_html(
            '{}<div><a href="{}?check=yes">{}</a></div>',
            format_html_join("", "<div>{}</div>", lines),
            admin_url(Shop, "start", shop.pk),
            _("Copy and check them"),
        )

    @admin.display(description=_("codes"))
    def codes(self, shop: Shop) -> str:
        """Return links to the shop's codes, and to the form for another."""
        number = shop.qr_codes.count()
        text = ngettext("%(n)d QR code", "%(n)d QR codes", number) % {"n": number}
        return list_and_add_links(QrCode, text, "shop", shop.pk)

    @admin.display(description=_("other terminal"))
    def change_terminal(self, shop: Shop) -> str:
        """Return a link to the page that changes the terminal."""
        address = admin_url(Shop, "terminal", shop.pk)
        return format_html('<a href="{}">{}</a>', address, _("Change the terminal"))

    @admin.display(description=_("menu"))
    def menu_files(self, shop: Shop) -> str:
        """Return a link to the page of the menu as a file."""
        address = admin_url(Shop, "menu", shop.pk)
        return format_html('<a href="{}">{}</a>', address, _("Export, import or copy the menu"))

    @admin.display(description=_("opening hours"))
    def copy_hours(self, shop: Shop) -> str:
        """Return a link to the page that copies the hours to other shops."""
        address = admin_url(Shop, "hours", shop.pk)
        return format_html('<a href="{}">{}</a>', address, _("Copy them to other shops"))

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Shop]) -> HttpResponse | None:
        """Stop orders at the chosen shops."""
        return run_bulk_action(self, request, queryset, PAUSE_SHOPS)

    @admin.action(description=_("Open"), permissions=["pause"])
    def open(self, request: HttpRequest, queryset: QuerySet[Shop]) -> HttpResponse | None:
        """Accept orders again at the chosen shops, within their opening hours."""
        return run_bulk_action(self, request, queryset, OPEN_SHOPS)

    @admin.action(description=_("Regenerate all QR codes"), permissions=["codes"])
    def regenerate_codes(
        self, request: HttpRequest, queryset: QuerySet[Shop]
    ) -> HttpResponse | None:
        """Regenerate every code of the chosen shops."""
        codes = QrCode.objects.filter(shop__in=queryset.values("pk"))
        return run_bulk_action(
            self, request, codes.select_related("shop"), REGENERATE_CODES, chosen=queryset
        )


def _is_paused(shop: Any) -> bool:
    """Return whether a shop that was read by ShopAdmin takes no orders by its staff's wish."""
    return shop.is_paused(timezone.now()) or shop.planned_until is not None


def _count(queryset: QuerySet[Any]) -> Coalesce:
    counts = (
        queryset.filter(shop=OuterRef("pk"))
        .order_by()
        .values("shop")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)
