"""Orders of Instant Checkout: one product, bought by the product's own code."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.utils.crypto import salted_hmac

from orders.models import Customer, Delivery, Order, Product, RowKind, Shop
from orders.models.product import PRODUCT_CODE_PREFIX
from orders.services.order_request import OrderRequest, RowRequest
from orders.services.place import AnotherOrderOpen, place_order_of

KEY_BYTES = 24
MAX_ID_DIGITS = 18  # below PostgreSQL's largest bigint


class UnknownPurchaseToken(Exception):
    """No product that the shop sells by Instant Checkout has this purchaseToken."""


@dataclass(frozen=True)
class Buyer:
    """Who buys, and where it is delivered, as SEQR has sent it."""

    msisdn: str = field(repr=False)
    delivery: dict[str, str] = field(repr=False)

    @property
    def subscriber_key(self) -> str:
        """The key of the buyer's row: SEQR sends no key of its own.

        The row is apart from that of the same person's scans, so that nobody who posts a phone
        number reaches another person's orders.
        """
        digest = salted_hmac("orders.instant_checkout", self.msisdn, algorithm="sha256")
        return f"instant-checkout {digest.hexdigest()}"


def ensure_key(shop: Shop) -> None:
    """Give a shop the secret of its address, unless it has one."""
    Shop.objects.filter(pk=shop.pk, instant_checkout_key="").update(instant_checkout_key=_new_key())


def replace_key(shop: Shop) -> None:
    """Give a shop another secret: purchases at the former address are refused from now on."""
    shop.instant_checkout_key = _new_key()
    shop.save(update_fields=["instant_checkout_key"])


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def product_of_token(shop: Shop, purchase_token: str) -> Product:
    """Return the product that a code names. Raises UnknownPurchaseToken."""
    number = purchase_token.removeprefix(PRODUCT_CODE_PREFIX)
    if number == purchase_token or not number.isdecimal() or len(number) > MAX_ID_DIGITS:
        raise UnknownPurchaseToken
    product = Product.objects.filter(pk=int(number), shop=shop, instant_checkout=True).first()
    if product is None or product.purchase_token != purchase_token:
        raise UnknownPurchaseToken
    return product


def place_purchase(shop: Shop, product: Product, buyer: Buyer, language: str) -> tuple[Order, bool]:
    """Create an order of one product; return it and whether it is new.

    SEQR gives a purchase no ID. So the same buyer's open order of the same product is the same
    purchase, and gets the delivery that was sent last. Called inside a transaction, in which the
    caller also creates the invoice. Raises OrderNotAccepted, CustomerErased, and AnotherOrderOpen
    while the buyer has an open order of another product at the shop.
    """
    customer, _ = Customer.objects.get_or_create(
        subscriber_key=buyer.subscriber_key, defaults={"msisdn": buyer.msisdn}
    )
    request = OrderRequest(secrets.token_urlsafe(KEY_BYTES), [RowRequest(product.pk, 1)])
    try:
        order, is_new = place_order_of(customer.pk, shop, request, language, parameters={})
    except AnotherOrderOpen as error:
        if not _is_of(error.order, product):
            raise
        order, is_new = error.order, False
    Delivery.objects.update_or_create(order=order, defaults=buyer.delivery)
    return order, is_new


def _is_of(order: Order, product: Product) -> bool:
    products = order.rows.filter(kind=RowKind.PRODUCT).values_list("product_id", flat=True)
    return list(products) == [product.pk]
