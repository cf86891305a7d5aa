from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.codes.drawing import png_of, svg_of
from orders.codes.generate import generate
from orders.codes.prints import PrintState, with_print_state
from orders.codes.scans import with_scans
from orders.models import QrCode, RevisionReason
from seqrshop.backoffice.bulk.choose import NOTHING_SELECTED, run_bulk_action
from seqrshop.backoffice.bulk.of_menu import (
    MARK_CODES_PRINTED,
    MARK_PRINTS_REPLACED,
    REGENERATE_CODES,
)
from seqrshop.backoffice.codes.filters import UNUSED_AFTER, PrintFilter, UseFilter
from seqrshop.backoffice.codes.form import QrCodeForm
from seqrshop.backoffice.codes.print_files import MAX_CODES, propose_file
from seqrshop.backoffice.codes.revisions import RevisionInline
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time
from seqrshop.backoffice.links import admin_url
from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import Tone, word_pill

LIST_PIXELS = 74
PAGE_PIXELS = 222
CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
DAYS_IN_WEEK = 7
PRINT_TONES: dict[str, Tone] = {
    PrintState.OUTDATED: "bad",
    PrintState.TO_REPLACE: "warn",
    PrintState.NOT_PRINTED: "muted",
    PrintState.PRINTED: "ok",
}


@admin.register(QrCode)
class QrCodeAdmin(RowActionsAdmin[QrCode]):
    """Printed codes: generated when saved or by an action, downloaded for the printer."""

    form = QrCodeForm
    list_display = (
        "thumbnail",
        "placement_in_order",
        "shop",
        "prints",
        "usage",
        "downloads",
    )
    list_display_links = ("thumbnail", "placement_in_order")
    list_filter = (("shop", OwnRowsFilter), PrintFilter, UseFilter)
    list_select_related = ("shop",)
    search_fields = ("placement", "parameters", "payload")
    readonly_fields = (
        "picture",
        "payload",
        "prints",
        "created",
        "last_scan",
        "recent_scans",
        "downloads",
    )
    inlines = (RevisionInline,)
    actions = ("print_codes", "regenerate", "mark_printed", "mark_replaced")

    def get_queryset(self, request: HttpRequest) -> QuerySet[QrCode]:
        """Read the state of the prints and the scans with the codes."""
        return with_scans(with_print_state(super().get_queryset(request)), timezone.now())

    def get_fields(self, request: HttpRequest, obj: QrCode | None = None) -> tuple[str, ...]:
        """Leave what a new code does not have yet out."""
        typed = ("shop", "placement", "parameters")
        return (*typed, *self.readonly_fields) if obj else typed

    def get_inlines(self, request: HttpRequest, obj: QrCode | None) -> Any:
        """Show the revisions of a saved code; no form has fields of them."""
        return self.inlines if obj and request.method == "GET" else ()

    def save_model(self, request: HttpRequest, obj: QrCode, form: Any, change: Any) -> None:
        """Generate the new or changed code."""
        reason = RevisionReason.CHANGED if change else RevisionReason.ADDED
        generate(obj, reason, cast(User, request.user))

    def row_actions(self, code: QrCode) -> tuple[str, ...]:
        """Offer regeneration always, and what the code's prints need."""
        marks = {
            PrintState.NOT_PRINTED: ("mark_printed",),
            PrintState.TO_REPLACE: ("mark_printed", "mark_replaced"),
        }
        return ("print_codes", "regenerate", *marks.get(cast(Any, code).print_state, ()))

    @admin.display(description=_("placement"), ordering="sort_key")
    def placement_in_order(self, code: QrCode) -> str:
        """Return the placement; the list sorts it as people count."""
        return code.placement

    @admin.display(description=_("code"))
    def thumbnail(self, code: QrCode) -> str:
        """Return the code as a small picture."""
        return self._image(code, LIST_PIXELS)

    @admin.display(description=_("code"))
    def picture(self, code: QrCode) -> str:
        """Return the code, large enough to be scanned from the screen."""
        return self._image(code, PAGE_PIXELS)

    def _image(self, code: QrCode, pixels: int) -> str:
        return format_html(
            '<img src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
            _file_url(code, "svg"),
            pixels,
            pixels,
            code.payload,
        )

    @admin.display(description=_("prints"), ordering="print_state")
    def prints(self, code: Any) -> str:
        """Return what has to be done about the code's prints."""
        state = PrintState(code.print_state)
        return word_pill(PRINT_TONES[state], state.label)

    @admin.display(description=_("created"), ordering="made_at")
    def created(self, code: QrCode) -> str:
        """Return when the code was last generated, and by whom."""
        return f"{local_time(code.made_at)} {code.made_by or ''}"

    @admin.display(description=_("last scanned"))
    def last_scan(self, code: QrCode) -> str:
        """Return when the code was last scanned, or for how many weeks it has not been used."""
        now, last = timezone.now(), code.last_scanned_at
        if now - (last or code.made_at) < UNUSED_AFTER:
            return EMPTY_VALUE if last is None else local_time(last)
        weeks = (now - (last or code.made_at)).days // DAYS_IN_WEEK
        text = ngettext("Not for %(n)d week", "Not for %(n)d weeks", weeks) % {"n": weeks}
        return word_pill("warn", text)

    @admin.display(description=_("scans in 30 days"))
    def recent_scans(self, code: Any) -> int:
        """Return how often the code was scanned in the last 30 days."""
        return int(code.recent_scans)

    @admin.display(description=_("last scanned"), ordering="last_scanned_at")
    def usage(self, code: Any) -> str:
        """Return when the code was last scanned, and how often in the last 30 days."""
        number = self.recent_scans(code)
        text = ngettext("%(n)d time in 30 days", "%(n)d times in 30 days", number) % {"n": number}
        return format_html("{}<div>{}</div>", self.last_scan(code), text)

    @admin.display(description=_("download"))
    def downloads(self, code: QrCode) -> str:
        """Return links to both files."""
        return format_html_join(
            " · ",
            '<a href="{}">{}</a>',
            ((_file_url(code, kind), kind.upper()) for kind in CONTENT_TYPES),
        )

    @admin.action(description=_("Regenerate"), permissions=["change"])
    def regenerate(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> HttpResponse | None:
        """Regenerate the chosen codes from their shop and parameters."""
        return run_bulk_action(self, request, queryset.select_related("shop"), REGENERATE_CODES)

    @admin.action(description=_("Print"), permissions=["change"])
    def print_codes(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> HttpResponse | None:
        """Ask how the chosen codes are to be printed."""
        ids = list(queryset.order_by().values_list("pk", flat=True)[: MAX_CODES + 1])
        if not ids:
            self.message_user(request, NOTHING_SELECTED, messages.INFO)
            return None
        if len(ids) > MAX_CODES:
            text = _("Print at most %(most)d codes at a time.") % {"most": MAX_CODES}
            self.message_user(request, text, messages.ERROR)
            return None
        file = propose_file(cast(User, request.user), ids)
        return HttpResponseRedirect(reverse("staff:print_file", args=[file.pk]))

    @admin.action(description=_("Mark as printed"), permissions=["change"])
    def mark_printed(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> HttpResponse | None:
        """Record that the chosen codes hang in the shop."""
        return run_bulk_action(self, request, queryset.select_related("shop"), MARK_CODES_PRINTED)

    @admin.action(description=_("Mark old prints as replaced"), permissions=["change"])
    def mark_replaced(
        self, request: HttpRequest, queryset: QuerySet[QrCode]
    ) -> HttpResponse | None:
        """Record that old prints of the chosen codes are taken down."""
        return run_bulk_action(self, request, queryset.select_related("shop"), MARK_PRINTS_REPLACED)

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
        if not self.has_view_permission(request):
            raise PermissionDenied
        code = get_object_or_404(own_rows(request, QrCode.objects.select_related("shop")), pk=pk)
        content = svg_of(code.payload).encode() if kind == "svg" else png_of(code.payload)
        name = slugify(f"{code.shop.slug} {code.placement} {code.parameters}")
        return HttpResponse(
            content,
            content_type=CONTENT_TYPES[kind],
            headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
        )


def _file_url(code: QrCode, kind: str) -> str:
    return admin_url(QrCode, kind, code.pk)
