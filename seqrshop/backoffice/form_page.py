"""A page with one form, for what an action asks before it acts."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def form_page(
    request: HttpRequest,
    row: Model,
    form: Form,
    *,
    title: Any,
    explain: Any,
    button: Any,
    action: str,
    back: str,
) -> HttpResponse:
    """Show a form about a row of the admin."""
    context = {
        **admin.site.each_context(request),
        "title": title,
        "explain": explain,
        "button": button,
        "action_url": action,
        "back_url": back,
        "opts": row._meta,
        "row": row,
        "form": form,
    }
    return TemplateResponse(request, "admin/payments/form_page.html", context)
