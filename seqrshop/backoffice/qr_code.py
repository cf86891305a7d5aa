from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from orders.models import QrCode
from orders.qr import draw, payload
from seqrshop.backoffice.action_results import Report
from seqrshop.backoffice.detail import DetailActionsAdmin
from seqrshop.backoffice.formatting import when
from seqrshop.backoffice.typed import ModelAdmin, ModelForm

CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


class QrCodeForm(ModelForm[QrCode]):
    """Where a code hangs and what it tells; SEQR's print rules are checked as it is typed."""

    class Meta:
        model = QrCode
        fields = ("shop", "placement", "parameters")

    def clean(self) -> dict[str, Any]:
        """Put a payload that breaks the print rules beside the parameters."""
        cleaned: dict[str, Any] = super().clean() or {}
        shop, parameters = cleaned.get("shop"), cleaned.get("parameters")
        if shop is not None and parameters is not None:
            try:
                payload(shop, parameters)
            except ValidationError as error:
                self.add_error("parameters", error)
        return cleaned


@admin.register(QrCode)
class QrCodeAdmin(DetailActionsAdmin[QrCode]):
    """Printed codes: made when saved, made anew by an action, downloaded for the printer."""

    form = QrCodeForm
    list_display = (
        "thumbnail",
        "placement",
        "shop",
        "parameters",
        "payload",
        "up_to_date",
        "made",
        "downloads",
    )
    list_display_links = ("thumbnail", "placement")
    list_filter = ("shop",)
    list_select_related = ("shop", "made_by")
    search_fields = ("placement", "parameters", "payload")
    readonly_fields = ("picture", "payload", "up_to_date", "made_at", "made_by", "downloads")
    actions = ("regenerate",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[QrCode]:
        """Leave the drawings in the database until one is asked for."""
        return super().get_queryset(request).defer("svg", "png")

    def get_fields(self, request: HttpRequest, obj: QrCode | None = None) -> tuple[str, ...]:
        """A new code has only what is typed; the rest comes with the drawing."""
        typed = ("shop", "placement", "parameters")
        return (*typed, *self.readonly_fields) if obj else typed

    def save_model(self, request: HttpRequest, obj: QrCode, form: Any, change: Any) -> None:
        """Draw the code, whether it is new or changed."""
        draw(obj, _user(request))

    def detail_actions(self, code: QrCode) -> tuple[str, ...]:
        """A code can always be made anew."""
        return ("regenerate",)

    @admin.display(description=_("code"))
    def thumbnail(self, code: QrCode) -> str:
        """The code, small."""
        return self._image(code, 74)

    @admin.display(description=_("code"))
    def picture(self, code: QrCode) -> str:
        """The code, large enough to scan from the screen."""
        return self._image(code, 222)

    def _image(self, code: QrCode, pixels: int) -> str:
        return format_html(
            '<img src="{}" width="{}" height="{}" alt="{}">',
            _file_url(code, "svg"),
            pixels,
            pixels,
            code.payload,
        )

    @admin.display(description=_("up to date"), boolean=True)
    def up_to_date(self, code: QrCode) -> bool:
        """Whether it holds what it would hold if made now; the shop ID may have changed."""
        try:
            return payload(code.shop, code.parameters) == code.payload
        except ValidationError:
            return False

    @admin.display(description=_("made"), ordering="made_at")
    def made(self, code: QrCode) -> str:
        """When it was last made, and by whom."""
        return f"{when(code.made_at)} {code.made_by or ''}"

    @admin.display(description=_("download"))
    def downloads(self, code: QrCode) -> str:
        """Links to both files."""
        return format_html_join(
            " · ",
            '<a href="{}">{}</a>',
            ((_file_url(code, kind), kind.upper()) for kind in CONTENT_TYPES),
        )

    @admin.action(description=_("Regenerate"), permissions=["change"])
    def regenerate(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> None:
        """Make the chosen codes anew from their shop and parameters."""
        regenerate(self, request, queryset)

    def get_urls(self) -> list[URLPattern]:
        """Add the two files of each code."""
        files = [
            path(
                f"<int:pk>/code.{kind}",
                self.admin_site.admin_view(self.download),
                {"kind": kind},
                name=f"orders_qrcode_{kind}",
            )
            for kind in CONTENT_TYPES
        ]
        return files + super().get_urls()

    def download(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """Answer with a code's drawing as a file: `kind` is svg or png."""
        code = get_object_or_404(QrCode.objects.select_related("shop"), pk=pk)
        if not self.has_view_permission(request, code):
            raise PermissionDenied
        content = code.svg.encode() if kind == "svg" else bytes(code.png)
        name = slugify(f"{code.shop.slug} {code.placement} {code.parameters}")
        return HttpResponse(
            content,
            content_type=CONTENT_TYPES[kind],
            headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
        )


def regenerate(modeladmin: ModelAdmin[Any], request: HttpRequest, codes: QuerySet[QrCode]) -> None:
    """Make these codes anew, and say of each what came of it."""
    report = Report()
    for code in codes.select_related("shop"):
        try:
            draw(code, _user(request))
        except ValidationError as error:
            outcome = _("Left as it was (%(reason)s)") % {"reason": " ".join(error.messages)}
            report.add(messages.ERROR, outcome, code)
        else:
            modeladmin.log_change(request, code, _("Made anew"))
            report.add(messages.SUCCESS, _("Made anew"), code)
    report.tell(modeladmin, request)


def _user(request: HttpRequest) -> Any:
    return request.user


def _file_url(code: QrCode, kind: str) -> str:
    return reverse(f"admin:orders_qrcode_{kind}", args=[code.pk])
