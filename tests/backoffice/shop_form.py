"""The form of a shop's page in the admin, as a browser posts it."""

from __future__ import annotations

from typing import Any

from orders.models import Product

INLINES = ("opening_hours", "opening_exceptions", "planned_pauses", "categories", "products")


def form(**fields: Any) -> dict[str, Any]:
    """Return the form of a shop without products."""
    return {
        "name": "Kafé Lyktan",
        "slug": "lyktan",
        "service_id": "LYKTAN",
        "currency": "SEK",
        "default_vat_rate": "12",
        "accent": "#7a3412",
        "kitchen_amber_minutes": "8",
        "kitchen_red_minutes": "15",
        **{f"{rows}-TOTAL_FORMS": "0" for rows in INLINES},
        **{f"{rows}-INITIAL_FORMS": "0" for rows in INLINES},
        **fields,
    }


def row_of(product: Product, number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a product's row in that form, as the page fills it in."""
    names = ("id", "position", "name_sv", "name_en", "price", "vat_rate", "unit", "sku")
    filled = {name: getattr(product, name) for name in names}
    filled |= {"category": product.category_id or "", "on_sale": "on"} | fields
    row = {f"products-{number}-{name}": value for name, value in filled.items()}
    return row | {f"initial-products-{number}-price": product.price}


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found
