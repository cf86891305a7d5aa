"""Copies the menu of one shop to another."""

from django.db import transaction

from orders.models import Category, Product, Shop


@transaction.atomic
def copy_menu(source: Shop, target: Shop) -> int:
    """Copy a shop's categories and products to a shop without any; return the number of products.

    Prices, VAT rates and pictures are copied, and products that are not on sale. What is sold out
    at one shop today is not sold out at the other. Both shops need the same currency. Opening hours
    stay, since they belong to a place.
    """
    categories = {}
    for category in Category.objects.filter(shop=source):
        copy = Category(
            shop=target,
            name_sv=category.name_sv,
            name_en=category.name_en,
            position=category.position,
        )
        copy.save()
        categories[category.pk] = copy
    products = Product.objects.filter(shop=source)
    copies = Product.objects.bulk_create(_copy(product, target, categories) for product in products)
    return len(copies)


def _copy(product: Product, target: Shop, categories: dict[int, Category]) -> Product:
    return Product(
        shop=target,
        category=categories.get(product.category_id) if product.category_id else None,
        name_sv=product.name_sv,
        name_en=product.name_en,
        price=product.price,
        vat_rate=product.vat_rate,
        unit=product.unit,
        sku=product.sku,
        position=product.position,
        on_sale=product.on_sale,
        picture_id=product.picture_id,
        picture_alt_sv=product.picture_alt_sv,
        picture_alt_en=product.picture_alt_en,
    )
