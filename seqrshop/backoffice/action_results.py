"""What became of each row that an action was run on, in words."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from seqrshop.backoffice.typed import ModelAdmin


class Report:
    """Collects an outcome for each row; tells them in one message per outcome."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str], list[str]] = {}

    def add(self, level: int, outcome: str | Promise, row: object) -> None:
        """Note what became of one row. `level` is one of django.contrib.messages."""
        self._rows.setdefault((level, str(outcome)), []).append(str(row))

    def tell(self, modeladmin: ModelAdmin[Any], request: HttpRequest) -> None:
        """Show the messages."""
        for (level, outcome), rows in self._rows.items():
            modeladmin.message_user(request, f"{outcome}: {', '.join(rows)}.", level)


def too_many(
    modeladmin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], most: int
) -> bool:
    """Whether these are more rows than one request should take; if so, say it to the user."""
    chosen = queryset.count()
    if chosen <= most:
        return False
    modeladmin.message_user(
        request,
        _("%(chosen)d are chosen; choose at most %(most)d at a time. Nothing was done.")
        % {"chosen": chosen, "most": most},
        messages.ERROR,
    )
    return True
