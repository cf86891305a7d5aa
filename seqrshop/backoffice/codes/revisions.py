"""The revisions of a code, on its page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import CodeRevision, QrCode
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time
from seqrshop.backoffice.read_only import ReadOnlyInline
from seqrshop.backoffice.state_pills import word_pill


class RevisionInline(ReadOnlyInline[CodeRevision, QrCode]):
    """Each generation of a code, the latest first, and what has become of its prints."""

    model = CodeRevision
    fields = ("generated", "reason", "placement", "payload", "print_pill")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeRevision]:
        """Read the people with the revisions."""
        found = super().get_queryset(request)
        return found.select_related("code", "made_by", "printed_by", "replaced_by")

    @admin.display(description=_("created"))
    def generated(self, revision: CodeRevision) -> str:
        """Return when the code was generated, and by whom."""
        return f"{local_time(revision.made_at)} {revision.made_by or ''}"

    @admin.display(description=_("print"))
    def print_pill(self, revision: CodeRevision) -> str:
        """Return whether a print of it hangs in the shop, and whether that is still valid."""
        if revision.printed_at is None:
            return EMPTY_VALUE
        words = {
            "printed": f"{local_time(revision.printed_at)} {revision.printed_by}",
            "replaced": "",
        }
        if revision.replaced_at is not None:
            words["replaced"] = f"{local_time(revision.replaced_at)} {revision.replaced_by}"
            text = gettext("Printed %(printed)s, replaced %(replaced)s")
            return word_pill("muted", text % words)
        if revision.payload != revision.code.payload:
            return word_pill("bad", gettext("Printed %(printed)s: must be replaced") % words)
        return word_pill("ok", gettext("Printed %(printed)s, valid") % words)
