"""The name under which the order page stores a basket in the customer's browser."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from orders.models import CustomerSession

SALT = "seqrshop.storefront.basket_key"
KEY_CHARACTERS = 32


def basket_key(session: CustomerSession) -> str:
    """Return the key of this customer's basket at this shop.

    It is the same after each scan, so that the page finds the basket again. It differs between
    customers and between shops, so that a shared browser never shows another customer's basket. As
    a keyed hash it reveals neither.
    """
    identity = f"{session.customer_id} {session.shop_id}"
    return salted_hmac(SALT, identity, algorithm="sha256").hexdigest()[:KEY_CHARACTERS]
