"""getClientSessionInfo."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Customer, CustomerSession, Shop
from tests.factories import ShopFactory
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, audited_calls, open_cases

OPERATION = "getClientSessionInfo"
pytestmark = pytest.mark.django_db


class Phone:
    """A customer's phone, which has scanned the code of a café."""

    def __init__(self, scenario: Scenario) -> None:
        self._cafe: Shop = ShopFactory.create()
        self._browser = Client()
        scenario.sandbox.register_shop(self._cafe.service_id, "http://testserver")
        scan = scenario.sandbox.scan(f"HTTP://SEQR.SE/000/{self._cafe.service_id}", "46700643933")
        self._token = scan["token"]

    def open_page(self) -> Any:
        """Request a session as the page does; return the response."""
        address = f"/{self._cafe.slug}/session"
        body = {"token": self._token}
        return self._browser.post(address, body, content_type="application/json")


def repeated(scenario: Scenario, phone: Phone, answer: Any) -> None:
    """Nothing is stored except the call in the audit. The customer reads that SEQR cannot be
    reached; the page retries every 2 s, and opens as soon as SEQR answers.
    """
    # libcurl may have repeated the call.
    assert scenario.faulty_calls() in (int(scenario.fault.is_sent), 2)
    assert (answer.status_code, answer.json()["error"]) == (503, "seqr_unavailable")
    assert (answer.json()["message"], answer["Retry-After"]) == (
        "SEQR is unavailable right now.",
        "2",
    )
    assert (CustomerSession.objects.count(), Customer.objects.count()) == (0, 0)
    assert audited_calls(OPERATION) == 1

    scenario.clear_faults()
    answer = phone.open_page()

    is_open_once(answer)
    assert open_cases() == []


def repeated_by_libcurl(scenario: Scenario, phone: Phone, answer: Any) -> None:
    """libcurl repeats the call by itself on a new connection: the customer notices nothing."""
    # One call came before the fault.
    assert (scenario.faulty_calls(), scenario.answered_calls(OPERATION)) == (1, 2)
    CustomerSession.objects.exclude(pk=CustomerSession.objects.latest("pk").pk).delete()

    is_open_once(answer)


EXPECTED = Expected(
    OPERATION,
    {repeated: all_except(KEPT_CONNECTION_DIES), repeated_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@EXPECTED.each_fault
def test_session_is_created_once_seqr_answers(scenario: Scenario, fault: Fault) -> None:
    if fault is KEPT_CONNECTION_DIES:
        Phone(scenario).open_page()
    phone = Phone(scenario)
    scenario.inject(OPERATION)

    answer = phone.open_page()

    EXPECTED.of(fault)(scenario, phone, answer)


def is_open_once(answer: Any) -> None:
    assert answer.status_code == 200
    assert CustomerSession.objects.get().customer.msisdn == "46700643933"
