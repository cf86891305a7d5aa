"""Instant Checkout: SEQR posts a purchase of one product, and pays the invoice of the answer."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from orders.languages import current_language
from orders.models import Shop
from orders.models.delivery import (
    EMAIL_LENGTH,
    NAME_LENGTH,
    PLACE_LENGTH,
    POSTAL_CODE_LENGTH,
)
from orders.services import (
    AnotherOrderOpen,
    CustomerErased,
    OrderNotAccepted,
    clean_note,
    digest_of,
)
from orders.services.instant_checkout import Buyer, UnknownPurchaseToken, product_of_token
from payments import instant_checkout
from payments.availability.availability import ShopUnavailable
from payments.availability.messages import unavailable_message
from payments.availability.pause import payments_are_paused
from payments.call_places import NoPlaceForCall
from payments.seqr import SeqrError
from seqrshop.client_address import UNKNOWN_ADDRESS
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.endpoint import endpoint, json_response
from seqrshop.storefront.json_input import read_object

# SEQR's names of the delivery's fields, each with ours and its longest text.
DELIVERY_FIELDS = {
    "clientName": ("client_name", NAME_LENGTH),
    "street": ("street", NAME_LENGTH),
    "zip": ("postal_code", POSTAL_CODE_LENGTH),
    "city": ("city", PLACE_LENGTH),
    "state": ("state", PLACE_LENGTH),
    "country": ("country", PLACE_LENGTH),
    "email": ("email", EMAIL_LENGTH),
}
_PURCHASE_TOKEN = re.compile(r"[0-9A-Za-z\-_.]{1,64}", re.ASCII)
_MSISDN = re.compile(r"[1-9][0-9]{5,14}", re.ASCII)


@endpoint("POST")
def create_purchase(request: HttpRequest, slug: str, secret: str) -> HttpResponse:
    """Order the product of a purchase, and return the reference that the app pays.

    SEQR signs nothing: who knows the address may purchase, and INSTANT_CHECKOUT_ADDRESSES may say
    from where. Nothing is charged before the customer enters the PIN.
    """
    shop = _authenticated_shop(request, slug, secret)
    body = read_object(request)
    purchase_token, buyer = _read_purchase_token(body), _read_buyer(body)
    rate_limits.count(rate_limits.PURCHASES_OF_SHOP, token=f"shop {shop.pk}")
    rate_limits.count(rate_limits.PURCHASE, token=digest_of(buyer.msisdn))
    try:
        product = product_of_token(shop, purchase_token)
        reference = instant_checkout.create_purchase(shop, product, buyer, current_language())
    except UnknownPurchaseToken:
        raise api_errors.not_found(_("No product is sold by this code.")) from None
    except OrderNotAccepted as error:
        raise ApiError(409, "not_for_sale", error.reason) from None
    except ShopUnavailable as error:
        message = unavailable_message(error.unavailable, timezone.now())
        raise ApiError(409, "shop_unavailable", message) from None
    except AnotherOrderOpen:
        raise ApiError(409, "order_open", _("You already have an unpaid order.")) from None
    except CustomerErased:
        raise api_errors.temporarily_unavailable() from None
    except (SeqrError, NoPlaceForCall, instant_checkout.NoReference):
        if payments_are_paused(shop.terminal_id):
            raise api_errors.payments_paused() from None
        raise api_errors.seqr_unavailable() from None
    return json_response({"invoiceReferenceId": reference})


def _authenticated_shop(request: HttpRequest, slug: str, secret: str) -> Shop:
    """Return the shop with this secret. Raises ApiError 404 and, for the address, 403."""
    address = rate_limits.client_address(request)
    shop = Shop.objects.select_related("terminal").filter(slug=slug).first()
    key = "" if shop is None else shop.instant_checkout_key
    if shop is None or not key or not constant_time_compare(key, secret):
        rate_limits.count(rate_limits.UNKNOWN_PURCHASER, address=address)
        raise api_errors.not_found()
    if settings.INSTANT_CHECKOUT_ADDRESSES and not _is_allowed(address):
        rate_limits.count(rate_limits.UNKNOWN_PURCHASER, address=address)
        raise ApiError(403, "address_refused", _("This address may not purchase here."))
    return shop


def _is_allowed(address: str) -> bool:
    """Return whether a client's address, or its IPv6 network, is in the list of the settings."""
    if address == UNKNOWN_ADDRESS:
        return False
    network_address = ipaddress.ip_network(address).network_address
    return any(network_address in each for each in settings.INSTANT_CHECKOUT_ADDRESSES)


def _read_purchase_token(body: dict[str, Any]) -> str:
    token = body.get("purchaseToken")
    if not isinstance(token, str) or not _PURCHASE_TOKEN.fullmatch(token):
        raise api_errors.invalid(
            "purchaseToken",
            _("The purchaseToken must be 1 to 64 letters, digits, hyphens, underscores or dots."),
        )
    return token


def _read_buyer(body: dict[str, Any]) -> Buyer:
    msisdn = body.get("msisdn")
    if not isinstance(msisdn, str) or not _MSISDN.fullmatch(msisdn):
        raise api_errors.invalid(
            "msisdn", _("The msisdn must be a phone number of 6 to 15 digits, without +.")
        )
    delivery = {
        column: _read_text(body, name, longest)
        for name, (column, longest) in DELIVERY_FIELDS.items()
    }
    return Buyer(msisdn, delivery)


def _read_text(body: dict[str, Any], name: str, longest: int) -> str:
    """Return a text of the delivery on one line; empty where SEQR sends none."""
    text = body.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise api_errors.invalid(name, _("This must be a text."))
    cleaned = clean_note(text)
    if len(cleaned) > longest:
        raise api_errors.invalid(
            name, _("This text can have at most %(n)d characters.") % {"n": longest}
        )
    return cleaned
