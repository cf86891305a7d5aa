"""POST session: exchanges a token for a customer session."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from pytest_django import Settings

from orders.models import CustomerSession, Product, Shop
from payments import call_places, session_exchange
from payments.models import CaseKind, MoneyCase, PaymentPause
from seqrshop.serving.lanes import SEQR_THREADS
from seqrshop.storefront.basket_key import basket_key
from tests.conftest import TOKEN
from tests.factories import (
    CustomerSessionFactory,
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ShopFactory,
)
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of
from tests.undescribed_product import UNDESCRIBED

PLAIN: dict[str, Any] = {
    "unit": "st",
    "category": None,
    "sold_out": False,
    "picture": None,
    **UNDESCRIBED,
}


@pytest.fixture
def token(sandbox: SandboxProcess, cafe: Shop) -> str:
    """The app's token after a scan at table 4."""
    sandbox.register_shop(cafe.service_id, "http://testserver/lyktan")
    scan = sandbox.scan("HTTP://SEQR.SE/000/LYKTAN?TABLE=4", "46700643933")
    return str(scan["token"])


def test_token_is_exchanged_for_session_details(
    client: JsonClient, token: str, bun: Product, coffee: Product
) -> None:
    response = client.send("/lyktan/session", {"token": token})

    assert response.status_code == 200
    assert response.json() == {
        "parameters": {"TABLE": "4"},
        "shop": {
            "name": "Kafé Lyktan",
            "slug": "lyktan",
            "currency": "SEK",
            "accent": "#7a3412",
            "on_accent": "#ffffff",
            "logo": None,
            "dining": [],
            "tip_percentages": [],
        },
        "categories": [],
        "products": [
            {"id": bun.pk, "name": "Cinnamon bun", "price": "45.00", **PLAIN},
            {"id": coffee.pk, "name": "Filter coffee", "price": "32.50", **PLAIN},
        ],
        "unavailable_message": None,
        "basket_key": basket_key(CustomerSession.objects.get()),
        "order": None,
        "latest_order": None,
        "awaited_orders": [],
    }
    assert response["Cache-Control"] == "no-store"


def test_customer_is_stored_and_token_is_not(client: JsonClient, token: str) -> None:
    client.send("/lyktan/session", {"token": token})

    session = CustomerSession.objects.select_related("customer").get()
    assert session.customer.msisdn == "46700643933"
    assert token not in str(session.__dict__)
    assert token not in str(client.cookies)


def test_no_response_has_phone_number(client: JsonClient, token: str) -> None:
    response = client.send("/lyktan/session", {"token": token})

    assert b"46700643933" not in response.content


def test_token_is_exchanged_at_seqr_once(
    client: JsonClient, token: str, sandbox: SandboxProcess
) -> None:
    first = client.send("/lyktan/session", {"token": token})
    second = client.send("/lyktan/session", {"token": token})

    assert first.json() == second.json()
    assert len(sandbox.calls("getClientSessionInfo")) == 1


def test_token_unknown_to_seqr_is_invalid_session(client: JsonClient, token: str) -> None:
    response = client.send("/lyktan/session", {"token": "0000002012-99999999"})

    assert response.status_code == 401
    assert response.json() == {
        "error": "invalid_session",
        "message": "This link has expired. Scan the code again.",
    }


def test_expired_token_is_invalid_session(
    client: JsonClient, token: str, sandbox: SandboxProcess
) -> None:
    sandbox.advance(3601)

    assert client.send("/lyktan/session", {"token": token}).status_code == 401


@pytest.mark.parametrize("token", ["", "short", "x" * 101, "a b c d e f", "\x00" * 10, "å" * 10])
def test_malformed_token_is_rejected_without_call_to_seqr(
    client: JsonClient, cafe: Shop, token: str
) -> None:
    assert client.send("/lyktan/session", {"token": token}).status_code == 401


def test_token_of_another_shop_is_rejected(client: JsonClient, token: str) -> None:
    ShopFactory.create(slug="baren")
    client.send("/lyktan/session", {"token": token})

    by_token = client.send("/baren/session", {"token": token})
    by_cookie = client.send("/baren/session")
    by_header = JsonClient(token).send("/baren/orders", {})

    for response in (by_token, by_cookie, by_header):
        assert (response.status_code, response.json()["error"]) == (401, "other_shop")
        assert "another shop" in response.json()["message"]


def test_session_is_retryable_while_seqr_is_down(client: JsonClient, cafe: Shop) -> None:
    response = client.send("/lyktan/session", {"token": TOKEN})

    assert response.status_code == 503
    assert response.json()["error"] == "seqr_unavailable"
    assert int(response["Retry-After"]) > 0


def test_rejected_credentials_pause_the_payments_of_the_shops_terminal(
    client: JsonClient, token: str, cafe: Shop, settings: Settings
) -> None:
    settings.SEQR_TERMINAL_PASSWORD = "wrong"

    response = client.send("/lyktan/session", {"token": token})

    pause = PaymentPause.objects.get()
    assert (response.status_code, response.json()["error"]) == (503, "payments_paused")
    assert response.json()["message"] == "Payments are paused. Try again in a few minutes."
    assert int(response["Retry-After"]) > 0
    assert (pause.terminal, pause.ended_at) == (cafe.terminal, None)
    assert pause.case.terminal == cafe.terminal


def test_refusal_of_the_operation_alone_opens_a_case_and_pauses_nothing(
    client: JsonClient, token: str, sandbox: SandboxProcess
) -> None:
    sandbox.fault("getClientSessionInfo", "result_code", code=21, count=1)

    response = client.send("/lyktan/session", {"token": token})

    assert (response.status_code, response.json()["error"]) == (503, "seqr_unavailable")
    assert MoneyCase.objects.get().kind == CaseKind.CONFIGURATION
    assert not PaymentPause.objects.exists()


def test_session_has_open_order(customer: JsonClient, customer_session: CustomerSession) -> None:
    order = OrderFactory.create(
        shop=customer_session.shop, customer=customer_session.customer, state="awaiting_payment"
    )
    OrderRowFactory.create(order=order)
    InvoiceFactory.create(order=order, issued=True)

    body = customer.send("/lyktan/session", {"token": TOKEN}).json()

    assert body["order"]["id"] == str(order.public_id)
    assert body["order"]["app_url"]
    assert body["latest_order"] == body["order"]


def test_session_has_open_order_and_a_later_one(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    first = invoice_of(customer_session, "needs_attention")
    middle = invoice_of(customer_session, "paid")
    last = invoice_of(customer_session, "paid")

    body = customer.send("/lyktan/session").json()

    assert body["order"]["id"] == str(first.order.public_id)
    assert body["latest_order"]["id"] == str(last.order.public_id) != str(middle.order.public_id)


def test_session_has_orders_of_its_own_shop_and_customer(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    own = invoice_of(customer_session, "paid")
    elsewhere = CustomerSessionFactory.create(
        customer=customer_session.customer, token="token-at-another-shop"
    )
    neighbour = CustomerSessionFactory.create(shop=customer_session.shop, token="neighbours-token")
    for session in (elsewhere, neighbour):
        invoice_of(session, "issued")

    body = customer.send("/lyktan/session").json()

    assert body["order"] is None
    assert body["latest_order"]["id"] == str(own.order.public_id)


def test_final_order_is_latest_order_and_not_open_order(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    order = OrderFactory.create(
        shop=customer_session.shop, customer=customer_session.customer, state="paid"
    )
    InvoiceFactory.create(order=order, paid=True)

    body = customer.send("/lyktan/session").json()

    assert body["order"] is None
    assert body["latest_order"]["state"] == "paid"


def test_reference_selects_among_customers_own_orders(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    for _ in range(2):
        order = OrderFactory.create(
            shop=customer_session.shop, customer=customer_session.customer, state="paid"
        )
        InvoiceFactory.create(order=order, paid=True)
    first = InvoiceFactory._meta.model.objects.order_by("id")[0]
    others = InvoiceFactory.create(paid=True)

    def latest(reference: str | None) -> object:
        body = {"token": TOKEN, "invoice_reference": reference}
        return customer.send("/lyktan/session", body).json()["latest_order"]

    assert latest(first.invoice_reference)["id"] == str(first.order.public_id)  # type: ignore[index]
    assert latest(others.invoice_reference) is None
    assert latest("4711") is None


@pytest.mark.parametrize("reference", ["", "a b", 7, True, [], "x" * 65, "\x00"])
def test_malformed_reference_is_named(
    customer: JsonClient, customer_session: CustomerSession, reference: object
) -> None:
    response = customer.send("/lyktan/session", {"token": TOKEN, "invoice_reference": reference})

    assert response.status_code == 400
    assert response.json()["field"] == "invoice_reference"


def test_cookie_resumes_session_without_token(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    client.send("/lyktan/session", {"token": TOKEN})

    response = client.send("/lyktan/session")

    assert response.status_code == 200
    assert response.json()["parameters"] == {"TABLE": "4"}


def test_request_without_token_and_cookie_is_invalid_session(
    client: JsonClient, cafe: Shop
) -> None:
    assert client.send("/lyktan/session").status_code == 401


def test_new_token_replaces_session_and_cookie(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    CustomerSessionFactory.create(
        shop=customer_session.shop, token="0000002012-00000002", parameters={"TABLE": "5"}
    )
    client.send("/lyktan/session", {"token": TOKEN})
    first_cookie = client.cookies["customer"].value

    client.send("/lyktan/session", {"token": "0000002012-00000002"})

    assert client.cookies["customer"].value != first_cookie
    assert client.send("/lyktan/session").json()["parameters"] == {"TABLE": "5"}


def test_page_of_another_site_cannot_create_session(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    body = {"token": TOKEN}

    foreign = client.send("/lyktan/session", body, headers={"Origin": "https://evil.example"})
    nowhere = client.send("/lyktan/session", body, headers={"Origin": "null"})
    as_form = client.post("/lyktan/session", '{"token": "x"}', "text/plain")
    own = client.send("/lyktan/session", body, headers={"Origin": "http://testserver"})

    assert [foreign.status_code, nowhere.status_code, as_form.status_code] == [403, 403, 415]
    assert foreign.json()["error"] == "csrf_failed"
    assert own.status_code == 200


def test_session_without_slug_belongs_to_only_shop(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    response = customer.send("/session", {"token": TOKEN})

    assert response.json()["shop"]["slug"] == "lyktan"


def test_session_without_slug_is_not_found_with_several_shops(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    ShopFactory.create()

    response = customer.send("/session", {"token": TOKEN})

    assert response.status_code == 404
    assert "several shops" in response.json()["message"]


def test_products_not_on_sale_are_not_listed(
    customer: JsonClient, customer_session: CustomerSession, bun: Product, coffee: Product
) -> None:
    Product.objects.filter(pk=bun.pk).update(on_sale=False)

    products = customer.send("/lyktan/session", {"token": TOKEN}).json()["products"]

    assert [product["id"] for product in products] == [coffee.pk]


def test_exchange_is_refused_while_others_wait_for_seqr_and_a_known_token_is_served(
    client: JsonClient, token: str, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen scans while SEQR hung would have stopped the web process, its notifications too."""
    client.send("/lyktan/session", {"token": token})
    other = str(sandbox.scan("HTTP://SEQR.SE/000/LYKTAN", "46700643934")["token"])
    monkeypatch.setattr(call_places, "_places", call_places.CallPlaces(1))
    monkeypatch.setattr(session_exchange, "PLACE_WAIT_SECONDS", 0.01)
    with call_places.place_for_call():
        refused = client.send("/lyktan/session", {"token": other})
        known = client.send("/lyktan/session", {"token": token})

    assert (refused.status_code, refused.json()["error"]) == (503, "seqr_unavailable")
    assert known.status_code == 200
    assert client.send("/lyktan/session", {"token": other}).status_code == 200
    taken = call_places.MAX_CONCURRENT_CALLS + call_places.MAX_WAITING_REQUESTS
    assert taken < SEQR_THREADS


def test_menu_of_a_session_is_compressed(client: JsonClient, token: str, bun: Product) -> None:
    response = client.send("/lyktan/session", {"token": token}, headers={"Accept-Encoding": "gzip"})

    assert response.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.content))["products"][0]["id"] == bun.pk
