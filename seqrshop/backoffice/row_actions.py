"""Shows actions of a list as buttons on the page of one row."""

from typing import Any, TypeVar

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_format_dict
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from seqrshop.backoffice.links import admin_url
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin

M = TypeVar("M", bound=Model)

FROM_ROW_PAGE = "from_row_page"
"""The field by which a row's page marks the action that it posts to the list."""


class RowActionsAdmin(ShopScopedAdmin[M]):
    """Shows some of the list's actions as buttons on a row's page, and returns to that page."""

    change_form_template = "admin/change_form_with_actions.html"

    def row_actions(self, obj: M) -> tuple[str, ...]:
        """Return the names of the actions that make sense for this row."""
        return ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add a button for each of those actions that this user may run."""
        obj = context.get("original")
        allowed = self.get_actions(request)
        words = model_format_dict(self.model)
        context["row_actions"] = [
            (name, str(action[2]) % words)
            for name in (self.row_actions(obj) if obj is not None else ())
            if (action := allowed.get(name))
        ]
        context["from_row_page"] = FROM_ROW_PAGE
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Run the action that a row's page has posted, then return to that page.

        An action may lead to a page of its own instead.
        """
        response = super().changelist_view(request, extra_context)
        leads_to_list = (
            isinstance(response, HttpResponseRedirect) and response.url == request.get_full_path()
        )
        if leads_to_list and (page := self.posting_page(request)):
            return HttpResponseRedirect(page)
        return response

    def posting_page(self, request: HttpRequest) -> str | None:
        """Return the address of the row's page that has posted an action; None if the list has."""
        chosen = request.POST.get(ACTION_CHECKBOX_NAME)
        if FROM_ROW_PAGE not in request.POST or chosen is None:
            return None
        return admin_url(self.model, "change", chosen)
