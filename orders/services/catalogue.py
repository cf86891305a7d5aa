"""What a shop sells, and whether it sells just now, as the staff say."""

from django.db.models import F, QuerySet

from orders.models import Product, Shop


def products_shown(shop: Shop) -> QuerySet[Product]:
    """Return what is on sale, sold out or not, in the order of the page.

    Each has its category and its picture at hand, but for the picture's content. What has no
    category comes last.
    """
    return (
        Product.objects.filter(shop=shop, on_sale=True)
        .select_related("category", "picture")
        .defer("picture__content")
        .order_by(F("category__position").asc(nulls_last=True), "category", "position", "id")
    )


def mark_sold_out(product: Product, *, sold_out: bool) -> bool:
    """Mark a product as sold out, or as back in stock; return whether it was not before."""
    others = Product.objects.filter(pk=product.pk).exclude(sold_out=sold_out)
    return others.update(sold_out=sold_out) > 0


def mark_paused(shop: Shop, *, paused: bool) -> bool:
    """Have a shop take no orders, or take them again; return whether it did not before."""
    others = Shop.objects.filter(pk=shop.pk).exclude(paused=paused)
    return others.update(paused=paused) > 0
