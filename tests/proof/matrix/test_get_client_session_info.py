"""getClientSessionInfo."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Customer, CustomerSession, Shop
from tests.factories import ShopFactory
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, calls_in_the_audit, cases

OPERATION = "getClientSessionInfo"
pytestmark = pytest.mark.django_db


class Phone:
    """A customer's phone, which has scanned the code of a café."""

    def __init__(self, world: World) -> None:
        self._cafe: Shop = ShopFactory.create()
        self._browser = Client()
        world.sandbox.register_shop(self._cafe.service_id, "http://testserver")
        scan = world.sandbox.scan(f"HTTP://SEQR.SE/000/{self._cafe.service_id}", "46700643933")
        self._token = scan["token"]

    def open_page(self) -> Any:
        """Do what the page's script does; return the answer."""
        address = f"/{self._cafe.slug}/session"
        body = {"token": self._token}
        return self._browser.post(address, body, content_type="application/json")


def asked_again(world: World, phone: Phone, answer: Any) -> None:
    """Nothing is kept but the call in the audit. The customer reads “SEQR is unavailable right
    now.”; the page asks again by itself every 2 s, and opens as soon as SEQR answers.
    """
    assert world.left() in (int(world.fault.leaves), 2)  # libcurl may have sent it again
    assert (answer.status_code, answer.json()["error"]) == (503, "seqr_unavailable")
    assert (answer.json()["message"], answer["Retry-After"]) == (
        "SEQR is unavailable right now.",
        "2",
    )
    assert (CustomerSession.objects.count(), Customer.objects.count()) == (0, 0)
    assert calls_in_the_audit(OPERATION) == 1

    world.clear_faults()
    answer = phone.open_page()

    is_open_once(answer)
    assert cases() == []


def done_at_once(world: World, phone: Phone, answer: Any) -> None:
    """libcurl asks again by itself, on a new connection: the customer notices nothing."""
    assert (world.left(), world.arrived(OPERATION)) == (1, 2)  # with the visit before
    CustomerSession.objects.exclude(pk=CustomerSession.objects.latest("pk").pk).delete()

    is_open_once(answer)


EXPECTED = Expected(
    OPERATION,
    {asked_again: all_but(KEPT_CONNECTION_DIES), done_at_once: [KEPT_CONNECTION_DIES]},
)


@each_fault
def test_a_visit_is_opened_once_seqr_answers(world: World, fault: Fault) -> None:
    if fault is KEPT_CONNECTION_DIES:
        Phone(world).open_page()
    phone = Phone(world)
    world.strike(OPERATION)

    answer = phone.open_page()

    EXPECTED.of(fault)(world, phone, answer)


def is_open_once(answer: Any) -> None:
    assert answer.status_code == 200
    assert CustomerSession.objects.get().customer.msisdn == "46700643933"
