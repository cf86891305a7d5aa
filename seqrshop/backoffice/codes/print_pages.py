"""The pages of print files: what to make, its progress, the finished file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from orders.codes.prints import mark_printed
from orders.codes.sheets import SIZES_MM
from orders.models import PrintFile, PrintFileStatus, PrintLayout, QrCode
from payments.tasks import enqueue
from seqrshop.backoffice.bulk.of_menu import CHANGE_CODE_PERMISSION
from seqrshop.backoffice.codes.print_files import file_name_of, start_file
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import Tone
from seqrshop.backoffice.tasks import make_print_file

SHOWN_FILES = 20
NAMED_CODES = 20
TONES: dict[PrintFileStatus, Tone] = {
    PrintFileStatus.PROPOSED: "muted",
    PrintFileStatus.RUNNING: "busy",
    PrintFileStatus.READY: "ok",
    PrintFileStatus.FAILED: "bad",
}


class PrintForm(forms.Form):
    """What to make of the chosen codes, and how large."""

    layout = forms.ChoiceField(
        label=_("Print as"), choices=PrintLayout.choices, widget=forms.RadioSelect
    )
    size_mm = forms.IntegerField(
        label=_("Width of a code (mm)"),
        required=False,
        help_text=_(
            "With its white border, which belongs to the code. Leave empty for the usual size; a "
            "code of less than 20 mm is hard to scan."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Require a size that the layout has room for, and that phones can read."""
        cleaned = super().clean() or {}
        if "layout" in cleaned and "size_mm" in cleaned:
            sizes = SIZES_MM[PrintLayout(cleaned["layout"])]
            if cleaned["size_mm"] is None:
                cleaned["size_mm"] = sizes.default
            elif not sizes.least <= cleaned["size_mm"] <= sizes.most:
                text = _("A code here must be %(least)d to %(most)d mm wide.")
                words = {"least": sizes.least, "most": sizes.most}
                self.add_error("size_mm", ValidationError(text, params=words))
        return cleaned


@require_safe
def print_files_page(request: HttpRequest) -> HttpResponse:
    """Show the latest print files of the person who makes the request."""
    require_permission(request, CHANGE_CODE_PERMISSION)
    files = _own_files(request).exclude(status=PrintFileStatus.PROPOSED).defer("content")
    context = {
        **admin.site.each_context(request),
        "title": _("Print files"),
        "files": [
            (file, len(file.code_ids), TONES[PrintFileStatus(file.status)])
            for file in files[:SHOWN_FILES]
        ],
    }
    return TemplateResponse(request, "staff/print_files.html", context)


def print_file_page(request: HttpRequest, file_id: int) -> HttpResponse:
    """Ask what to make of the chosen codes; then show the progress, and at last the file."""
    file = _own_file(request, file_id)
    posted = request.POST if request.method == "POST" else None
    form = PrintForm(posted, initial={"layout": file.layout, "size_mm": file.size_mm or None})
    if posted is not None and form.is_valid():
        layout = PrintLayout(form.cleaned_data["layout"])
        if start_file(file.pk, layout, form.cleaned_data["size_mm"]):
            enqueue(make_print_file, file.pk)
        return HttpResponseRedirect(reverse("staff:print_file", args=[file.pk]))
    codes = _codes(request, file)
    number = codes.count()
    context = {
        **admin.site.each_context(request),
        "title": ngettext("Print %(n)d code", "Print %(n)d codes", number) % {"n": number},
        "file": file,
        "form": form,
        "names": _names(codes.select_related("shop")[:NAMED_CODES]),
        "others": max(number - NAMED_CODES, 0),
        "is_running": file.status == PrintFileStatus.RUNNING,
        "is_ready": file.status == PrintFileStatus.READY,
        "has_failed": file.status == PrintFileStatus.FAILED,
        "percent": 100 * file.steps_done // file.steps if file.steps else 0,
        "back_url": list_url(QrCode),
    }
    return TemplateResponse(request, "staff/print_file.html", context)


@require_safe
def download_page(request: HttpRequest, file_id: int) -> HttpResponse:
    """Answer with a finished file."""
    file = _own_file(request, file_id)
    if file.content is None:
        raise Http404
    is_archive = file.layout == PrintLayout.IMAGES
    return HttpResponse(
        bytes(file.content),
        content_type="application/zip" if is_archive else "application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file_name_of(file)}"'},
    )


@require_POST
def printed_page(request: HttpRequest, file_id: int) -> HttpResponse:
    """Record that the codes of a finished file are printed, as they are in the file."""
    file = _own_file(request, file_id)
    number = mark_printed(file.revision_ids, cast(User, request.user))
    text = ngettext(
        "%(n)d code is marked as printed.", "%(n)d codes are marked as printed.", number
    )
    messages.success(request, text % {"n": number})
    return HttpResponseRedirect(reverse("staff:print_file", args=[file.pk]))


def _names(codes: Iterable[QrCode]) -> str:
    """Return the placements of codes, behind the name of each shop."""
    placements: dict[str, list[str]] = {}
    for code in codes:
        placements.setdefault(str(code.shop), []).append(code.placement)
    return "; ".join(f"{shop}: {', '.join(each)}" for shop, each in placements.items())


def _own_files(request: HttpRequest) -> Any:
    return PrintFile.objects.filter(created_by=request.user.pk)


def _own_file(request: HttpRequest, file_id: int) -> PrintFile:
    """Return a file of the person. Raises Http404 for one of other shops."""
    require_permission(request, CHANGE_CODE_PERMISSION)
    file: PrintFile = get_object_or_404(_own_files(request), pk=file_id)
    chosen = QrCode.objects.filter(pk__in=file.code_ids)
    if chosen.exclude(pk__in=own_rows(request, chosen).values("pk")).exists():
        raise Http404
    return file


def _codes(request: HttpRequest, file: PrintFile) -> Any:
    return own_rows(request, QrCode.objects.filter(pk__in=file.code_ids))
