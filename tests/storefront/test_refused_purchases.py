"""Purchases of Instant Checkout that the shop refuses: each says why, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from orders.models import (
    OptionGroup,
    Product,
    Shop,
)
from orders.services.instant_checkout import ensure_key
from seqrshop.log_format import redact
from seqrshop.storefront import rate_limits
from seqrshop.storefront.instant_checkout import DELIVERY_FIELDS
from tests.factories import ShopFactory
from tests.payments.steps import pause_for_refused_password
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.purchases import address_of, counts, post, purchase_of

pytestmark = pytest.mark.django_db
PURCHASE_TOKEN = "The purchaseToken must be 1 to 64 letters, digits, hyphens, underscores or dots."
MSISDN = "The msisdn must be a phone number of 6 to 15 digits, without +."


def close(shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(paused=True)


def sell_out(shop: Shop) -> None:
    shop.products.update(sold_out=True)


def take_off_sale(shop: Shop) -> None:
    shop.products.update(on_sale=False)


def ask_dining(shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(asks_dining=True)


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (close, "We are not taking orders right now."),
        (sell_out, "Mug is sold out."),
        (take_off_sale, "Mug is no longer for sale."),
        (ask_dining, "Choose whether to eat here or take away."),
    ],
)
def test_purchase_that_the_shop_cannot_take_is_a_409_with_the_reason(
    sandbox: SandboxProcess, mug: Product, stop: Callable[[Shop], None], sentence: str
) -> None:
    stop(mug.shop)

    response = post(mug)

    assert (response.status_code, response.json()["message"]) == (409, sentence)
    assert counts() == (0, 0, 0, 0)
    assert sandbox.invoices() == []


def test_purchase_while_payments_are_paused_is_a_409(mug: Product) -> None:
    pause_for_refused_password()
    before = counts()

    response = post(mug)

    assert (response.status_code, response.json()["error"]) == (409, "shop_unavailable")
    assert response.json()["message"] == "Payments are paused. Try again in a few minutes."
    assert counts() == before


def test_product_that_needs_a_choice_is_a_409(latte: Product, milk: OptionGroup) -> None:
    Product.objects.filter(pk=latte.pk).update(instant_checkout=True)
    ensure_key(latte.shop)
    latte.shop.refresh_from_db()

    response = post(latte)

    assert response.status_code == 409
    assert milk.name_en in response.json()["message"]
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"purchaseToken": "P999999"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "mug"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "P0007"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "P" + "9" * 60}, 404, "No product is sold by this code."),
        ({"purchaseToken": "a b"}, 400, PURCHASE_TOKEN),
        ({"purchaseToken": None}, 400, PURCHASE_TOKEN),
        ({"msisdn": "letters"}, 400, MSISDN),
        ({"msisdn": "+46701234567"}, 400, MSISDN),
        ({"msisdn": 46701234567}, 400, MSISDN),
        ({"msisdn": None}, 400, MSISDN),
        ({"street": 7}, 400, "This must be a text."),
        ({"msisdn": "46701"}, 400, MSISDN),
        ({"msisdn": "1" * 16}, 400, MSISDN),
        ({"msisdn": "0701234567"}, 400, MSISDN),
        ({"purchaseToken": "P" * 65}, 400, PURCHASE_TOKEN),
        *(
            ({name: "x" * (longest + 1)}, 400, f"This text can have at most {longest} characters.")
            for name, (_column, longest) in DELIVERY_FIELDS.items()
        ),
        ({"msisdn": "4" * 10_000}, 400, MSISDN),
        ({"purchaseToken": "P" * 10_000}, 400, PURCHASE_TOKEN),
    ],
)
def test_bad_field_is_a_4xx_that_says_why_and_changes_nothing(
    sandbox: SandboxProcess, mug: Product, fields: dict[str, object], status: int, named: str
) -> None:
    response = post(mug, **fields)

    assert response.status_code == status
    assert response.json()["message"] == named
    if status == 400:
        assert response.json()["field"] == next(iter(fields))
    assert counts() == (0, 0, 0, 0)
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (
            b"purchaseToken=P1",
            "application/x-www-form-urlencoded",
            415,
            "The content type must be application/json.",
        ),
        (b"not JSON", "application/json", 400, "The body is not JSON."),
        (b"\xff", "application/json", 400, "The body is not UTF-8."),
        (b"[]", "application/json", 400, "The body is not a JSON object."),
        (
            b'{"purchaseToken": "P1"' + b" " * 1_000_000 + b"}",
            "application/json",
            413,
            "The request is too large.",
        ),
    ],
    ids=["form", "text", "bytes", "list", "1 MB"],
)
def test_bad_body_is_a_4xx_that_says_why(
    mug: Product, body: bytes, content_type: str, status: int, sentence: str
) -> None:
    response = JsonClient().post(address_of(mug.shop), body, content_type)

    assert response.status_code == status
    assert response.json()["message"] == sentence
    assert counts() == (0, 0, 0, 0)


def test_wrong_secret_is_a_404_whether_the_shop_sells_so_or_not(mug: Product) -> None:
    other = ShopFactory.create(name="Another", slug="another", service_id="ANOTHER")
    addresses = [
        f"/{mug.shop.slug}/instant-checkout/wrong/createPurchase",
        f"/{other.slug}/instant-checkout/{mug.shop.instant_checkout_key}/createPurchase",
        f"/no-such-shop/instant-checkout/{mug.shop.instant_checkout_key}/createPurchase",
    ]

    responses = [JsonClient().send(each, purchase_of(mug)) for each in addresses]

    assert [each.status_code for each in responses] == [404, 404, 404]
    assert [each.json() for each in responses] == [
        {"error": "not_found", "message": "We couldn't find this page."}
    ] * 3
    assert counts() == (0, 0, 0, 0)


def test_product_is_sold_so_only_once_staff_turn_it_on(mug: Product, bun: Product) -> None:
    assert bun.instant_checkout is False
    assert post(bun).status_code == 404


@pytest.mark.usefixtures("sandbox")
def test_address_outside_the_allow_list_is_a_403(mug: Product, settings: Settings) -> None:
    settings.INSTANT_CHECKOUT_ADDRESSES = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
    path, body = address_of(mug.shop), purchase_of(mug)

    statuses = {
        address: JsonClient(REMOTE_ADDR=address).send(path, body).status_code
        for address in ("203.0.113.9", "", "2001:db9::1", "192.0.2.7", "2001:db8::1")
    }

    assert statuses == {
        "203.0.113.9": 403, "": 403, "2001:db9::1": 403, "192.0.2.7": 200, "2001:db8::1": 200
    }  # fmt: skip


@pytest.mark.usefixtures("sandbox")
def test_one_persons_purchases_are_limited(mug: Product) -> None:
    statuses = [post(mug).status_code for _ in range(rate_limits.PURCHASE.per_token or 0)]
    refused = post(mug)

    assert set(statuses) == {200}
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert post(mug, msisdn="46700000002").status_code == 200


def test_secret_is_not_logged(mug: Product) -> None:
    line = f'"POST {address_of(mug.shop)} HTTP/1.1" 404'

    assert mug.shop.instant_checkout_key not in redact(line)
