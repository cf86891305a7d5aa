"""Addresses of the admin's pages, and links to them."""

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext

from seqrshop.backoffice.formatting import EMPTY_VALUE


def page_url(row: Model) -> str:
    """Return the address of a row's own page."""
    return admin_url(type(row), "change", row.pk)


def list_url(model: type[Model], **filters: str | int) -> str:
    """Return the address of a model's list, filtered by these lookups."""
    address = admin_url(model, "changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def admin_url(model: type[Model], page: str, *args: object) -> str:
    """Return the address of a page of a model's admin, such as "add" or one of its own."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def link(row: Model | None, text: object = None) -> str:
    """Return a link to a row's page, by its name unless another text is given."""
    if row is None:
        return EMPTY_VALUE
    return format_html('<a href="{}">{}</a>', page_url(row), row if text is None else text)


def list_and_add_links(listed: type[Model], text: str, parent: str, pk: int) -> str:
    """Return links to the rows of a parent, such as "shop", and to the form for another row."""
    return format_html(
        '<a href="{}">{}</a> · <a href="{}?{}={}">{}</a>',
        list_url(listed, **{f"{parent}__id__exact": pk}),
        text,
        admin_url(listed, "add"),
        parent,
        pk,
        gettext("Add another"),
    )
