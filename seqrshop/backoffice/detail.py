"""The list's actions as buttons on the page of one row."""

from typing import Any, TypeVar

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_format_dict
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from seqrshop.backoffice.typed import ModelAdmin

M = TypeVar("M", bound=Model)

FROM_DETAIL = "from_detail"
"""The name of the field that tells the list that a row's own page has sent the action."""


class DetailActionsAdmin(ModelAdmin[M]):
    """Shows some of the list's actions as buttons on a row's page, and comes back to it."""

    change_form_template = "admin/change_form_with_actions.html"

    def detail_actions(self, obj: M) -> tuple[str, ...]:
        """Return the names of the actions that make sense for this row."""
        return ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the buttons of those actions that this user may run."""
        obj = context.get("original")
        allowed = self.get_actions(request)
        words = model_format_dict(self.model)
        context["detail_actions"] = [
            (name, str(action[2]) % words)
            for name in (self.detail_actions(obj) if obj is not None else ())
            if (action := allowed.get(name))
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Run the action that a row's page asked for, then go back to that page."""
        response = super().changelist_view(request, extra_context)
        asked_there = FROM_DETAIL in request.POST and ACTION_CHECKBOX_NAME in request.POST
        if asked_there and isinstance(response, HttpResponseRedirect):
            return HttpResponseRedirect(detail_url(self, request.POST[ACTION_CHECKBOX_NAME]))
        return response


def detail_url(modeladmin: ModelAdmin[Any], pk: object) -> str:
    """Return the address of a row's page in the admin."""
    meta = modeladmin.opts
    name = f"{modeladmin.admin_site.name}:{meta.app_label}_{meta.model_name}_change"
    return reverse(name, args=[pk])
