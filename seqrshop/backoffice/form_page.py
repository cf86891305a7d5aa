"""A page with one form, shown before an action is carried out."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise

from seqrshop.backoffice.links import page_url

Text = str | Promise


def form_page(
    request: HttpRequest,
    row: Model,
    form: Form,
    *,
    title: Text,
    explanation: Text,
    button: Text,
    action_url: str,
) -> HttpResponse:
    """Show a form about one row, with a link back to the row's page.

    The focus stands in the first field, or in the first one with an error. Without a text for the
    button there is nothing to do but to go back.
    """
    shown = form.visible_fields()
    for bound in [*(each for each in shown if each.errors), *shown][:1]:
        bound.field.widget.attrs["autofocus"] = True
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": title,
        "explanation": explanation,
        "button": button,
        "action_url": action_url,
        "back_url": page_url(row),
        "opts": row._meta,
        "row": row,
        "form": form,
    }
    return TemplateResponse(request, "admin/payments/form_page.html", context)
