"""Customers behind the address of an attacker, as in a café or at a mobile carrier."""

from __future__ import annotations

import pytest

from orders.models import CustomerSession, Product, Shop
from payments import call_places
from seqrshop.storefront import rate_limits
from tests.factories import CustomerSessionFactory
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient

pytestmark = pytest.mark.django_db(transaction=True)
HONEST_ORDERS_PER_MINUTE = 50
REFUSED_TOKENS = 25


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> call_places.CallPlaces:
    """The places of one test, in which an address has one after fewer refused tokens."""
    limit = rate_limits.Limit("refused-by-seqr", per_address=REFUSED_TOKENS - 5)
    monkeypatch.setattr(rate_limits, "REFUSED_BY_SEQR", limit)
    places = call_places.CallPlaces(call_places.MAX_CONCURRENT_CALLS)
    monkeypatch.setattr(call_places, "_places", places)
    return places


def attack() -> set[int]:
    """Send what SEQR and the shop refuse, more than any limit allows; return the answers."""
    client, answers = JsonClient(), set()
    for number in range(601):
        answers.add(client.send("/lyktan/session", {"token": f"!{number}"}).status_code)
        headers = {"X-SEQR-Token": f"guess-{number}"}
        answers.add(client.send("/lyktan/orders", headers=headers).status_code)
    for number in range(REFUSED_TOKENS):
        token = f"0000002012-{number:08d}"
        answers.add(client.send("/lyktan/session", {"token": token}).status_code)
    return answers


def test_fifty_orders_a_minute_pass_beside_an_attacker_at_the_same_address(
    sandbox: SandboxProcess, cafe: Shop, coffee: Product
) -> None:
    sandbox.register_shop(cafe.service_id, "http://127.0.0.1:9")
    answers = attack()

    codes = []
    for number in range(HONEST_ORDERS_PER_MINUTE):
        if number % 10 == 0:
            msisdn = f"467000001{number:02d}"
            token = sandbox.scan(f"HTTP://SEQR.SE/000/{cafe.service_id}", msisdn)["token"]
        else:
            token = f"honest-{number}"
            CustomerSessionFactory.create(shop=cafe, token=token)
        customer = JsonClient(token)
        codes.append(customer.send("/lyktan/session", {"token": token}).status_code)
        order = {"nonce": "12345678", "rows": [{"product": coffee.pk, "quantity": 1}]}
        codes.append(customer.send("/lyktan/orders", order).status_code)

    assert answers == {401, 429}
    assert codes == [200, 201] * HONEST_ORDERS_PER_MINUTE


def test_address_of_an_attacker_has_one_call_to_seqr_at_a_time(
    sandbox: SandboxProcess, cafe: Shop, places: call_places.CallPlaces
) -> None:
    sandbox.register_shop(cafe.service_id, "http://127.0.0.1:9")
    attack()
    token = sandbox.scan(f"HTTP://SEQR.SE/000/{cafe.service_id}")["token"]
    client = JsonClient()

    with places.hold("127.0.0.1"):
        beside_a_call = client.send("/lyktan/session", {"token": token})
        elsewhere = client.send("/lyktan/session", {"token": token}, REMOTE_ADDR="10.0.0.7")
    CustomerSession.objects.all().delete()
    after_it = client.send("/lyktan/session", {"token": token})

    assert (beside_a_call.status_code, beside_a_call.json()["error"]) == (503, "seqr_unavailable")
    assert int(beside_a_call["Retry-After"]) > 0
    assert (elsewhere.status_code, after_it.status_code) == (200, 200)


def test_restriction_of_an_address_ends_after_a_minute() -> None:
    now = [0.0]
    places = call_places.CallPlaces(8, clock=lambda: now[0])
    places.restrict("a")

    with places.hold("a"), pytest.raises(call_places.NoPlaceForCall), places.hold("a"):
        pass
    now[0] += call_places.RESTRICTED_SECONDS
    with places.hold("a"), places.hold("a"), places.hold("b"):
        pass
