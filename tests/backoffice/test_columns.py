"""Columns and fields that the back office computes: each has a translated heading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.utils.functional import Promise

SORTED_BY = {
    "AuditEventAdmin.order_link": "order",
    "InvoiceAdmin.age": "-id",
    "InvoiceAdmin.amount_with_currency": "amount",
    "InvoiceAdmin.number": "order_id",
    "InvoiceAdmin.order_link": "order",
    "InvoiceAdmin.status_pill": "status",
    "MoneyCaseAdmin.order_link": "order",
    "MoneyCaseAdmin.status_pill": "closed_at",
    "OptionAdmin.availability": "sold_out",
    "OptionAdmin.name": "name_sv",
    "OptionAdmin.price_with_currency": "price",
    "OptionAdmin.shop": "group__shop",
    "OptionGroupAdmin.name": "name_sv",
    "OptionGroupAdmin.number_of_products": "product_count",
    "OrderAdmin.age": "-id",
    "OrderAdmin.order_number": "id",
    "OrderAdmin.ordered": "created_at",
    "OrderAdmin.state_pill": "state",
    "OrderAdmin.total_with_currency": "total",
    "PeriodRowAdmin.amount_in_report": "amount",
    "ProductAdmin.availability": "sold_out",
    "ProductAdmin.name": "name_sv",
    "ProductAdmin.price_with_currency": "price",
    "QrCodeAdmin.created": "made_at",
    "QrCodeAdmin.placement_in_order": "sort_key",
    "QrCodeAdmin.prints": "print_state",
    "QrCodeAdmin.usage": "last_scanned_at",
    "RefundAdmin.age": "-id",
    "RefundAdmin.amount_with_currency": "amount",
    "RefundAdmin.status_pill": "status",
    "ShopAdmin.open_orders": "open_order_count",
    "ShopAdmin.products_on_sale": "product_count",
    "ShopAdmin.status_pill": "paused",
    "StaffGroupAdmin.label": "name",
    "TransactionPeriodAdmin.status_pill": "status",
    "TransactionPeriodAdmin.unexplained": "unexplained_count",
    "UnexplainedRowInline.amount_in_report": "amount",
}


def computed() -> Iterator[tuple[str, Any]]:
    """Yield each method that a list or a page shows as a column or a field, with its name."""
    for model, model_admin in admin.site._registry.items():
        for owner in (model_admin, *(each(model, admin.site) for each in model_admin.inlines)):
            names = {*getattr(owner, "list_display", ()), *owner.readonly_fields} - {"__str__"}
            for name in names:
                method = getattr(owner, str(name), None)
                if callable(method):
                    yield f"{type(owner).__name__}.{name}", method


def test_each_computed_column_has_a_translated_heading() -> None:
    methods = dict(computed())
    headings = {name: getattr(each, "short_description", None) for name, each in methods.items()}

    assert len(headings) > len(SORTED_BY)
    assert [name for name, text in headings.items() if not isinstance(text, Promise)] == []


def test_computed_columns_are_sorted_by_the_field_that_they_show() -> None:
    fields = {
        name: str(method.admin_order_field)
        for name, method in computed()
        if hasattr(method, "admin_order_field")
    }

    assert fields == SORTED_BY
