"""Lists whose rows can be exported, as they are filtered and searched."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from payments.exports.problem import ExportProblem
from payments.exports.table import Table
from payments.models import FileFormat
from seqrshop.backoffice.exports.responses import rows_response
from seqrshop.backoffice.links import admin_url, list_url
from seqrshop.backoffice.list_parameters import chosen_by
from seqrshop.backoffice.permissions import LacksPermission, require_permission

M = TypeVar("M", bound=Model)

EXPORT_PERMISSION = "payments.export_books"
LINKS: tuple[tuple[FileFormat, Promise], ...] = (
    (FileFormat.CSV, _("Export as CSV")),
    (FileFormat.EXCEL, _("Export as Excel")),
)


class ExportedList(ModelAdmin[M]):
    """A list with links to files of the rows that it shows. `exported_table` has their columns."""

    exported_table: Table

    def get_urls(self) -> list[URLPattern]:
        """Add an address for each format."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        added = [
            path(
                f"export.{each.value}",
                self.admin_site.admin_view(partial(self.export, file_format=each)),
                name=f"{name}_export_{each.value}",
            )
            for each in FileFormat
        ]
        return [*added, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the links to those who may export."""
        links = [
            (admin_url(self.model, f"export_{each.value}"), label)
            for each, label in LINKS
            if request.user.has_perm(EXPORT_PERMISSION)
        ]
        return super().changelist_view(request, {"export_links": links, **(extra_context or {})})

    def export(self, request: HttpRequest, file_format: FileFormat) -> HttpResponseBase:
        """Answer with the rows that the list shows for this query, of the person's own shops."""
        if not self.has_view_permission(request):
            raise LacksPermission(f"{self.opts.app_label}.view_{self.opts.model_name}")
        require_permission(request, EXPORT_PERMISSION)
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(list_url(self.model))
        try:
            choice = chosen_by(request.GET)
            return rows_response(
                self.exported_table, rows, file_format, choice, by_staff(request.user)
            )
        except ExportProblem as problem:
            self.message_user(request, str(problem.sentence), messages.ERROR)
            query = request.GET.urlencode()
            return HttpResponseRedirect(f"{list_url(self.model)}?{query}".rstrip("?"))
