"""Faults of notifications: lost, doubled, late and reordered."""

import signal
import time

import pytest

from tests.sandbox.notified_shop import NotifiedShop
from tests.sandbox.raw_soap import Soap, invoice
from tests.sandbox_process import SandboxProcess


def pay(sandbox: SandboxProcess, shop: NotifiedShop, *names: str) -> list[str]:
    """Pay one invoice for each name, to be notified at /name; returns the references."""
    soap = Soap(sandbox)
    references = [soap.issued(invoice(notification_url=f"{shop.url}/{name}")) for name in names]
    for reference in references:
        sandbox.pay(reference)
    return references


def recorded(sandbox: SandboxProcess, count: int) -> list[tuple[str, str | None, int | None]]:
    """Reference, fault and HTTP status of the notifications, once there are so many."""
    for _ in range(5000):
        calls = sandbox.calls("notification")
        if len(calls) >= count:
            return [
                (call["invoice_reference"], call["fault"], call["http_status"]) for call in calls
            ]
    raise AssertionError("too few notifications were recorded")


def test_a_lost_notification_never_comes(sandbox: SandboxProcess, shop: NotifiedShop) -> None:
    sandbox.fault("notification", "lost", count=1)

    references = pay(sandbox, shop, "one", "two")

    assert shop.next_path() == "/two"
    assert recorded(sandbox, 2) == [(references[0], "lost", None), (references[1], None, 500)]
    assert shop.received.empty()


def test_a_doubled_notification_comes_twice(sandbox: SandboxProcess, shop: NotifiedShop) -> None:
    sandbox.fault("notification", "doubled")

    (reference,) = pay(sandbox, shop, "one")

    assert [shop.next_path(), shop.next_path()] == ["/one", "/one"]
    assert recorded(sandbox, 2) == [(reference, "doubled", 500)] * 2


def test_a_late_notification_comes_by_the_sandbox_clock(
    sandbox: SandboxProcess, shop: NotifiedShop
) -> None:
    sandbox.fault("notification", "late", seconds=30, count=1)
    late, _ = pay(sandbox, shop, "late", "next")
    first = shop.next_path()
    sandbox.advance(29)
    in_between = len(sandbox.calls("notification"))

    sandbox.advance(1)

    assert (first, in_between, shop.next_path()) == ("/next", 1, "/late")
    assert recorded(sandbox, 2)[1] == (late, "late", 500)
    assert sandbox.invoice(late)["reversed"] is True


def test_a_late_notification_comes_by_itself(sandbox: SandboxProcess, shop: NotifiedShop) -> None:
    sandbox.fault("notification", "late", seconds=0.2)
    started = time.monotonic()

    pay(sandbox, shop, "late")

    assert shop.next_path() == "/late"
    assert time.monotonic() - started >= 0.2


def test_reordered_notifications_are_swapped(sandbox: SandboxProcess, shop: NotifiedShop) -> None:
    sandbox.fault("notification", "reordered", count=1)

    pay(sandbox, shop, "one", "two")

    assert [shop.next_path(), shop.next_path()] == ["/two", "/one"]
    assert [fault for _, fault, _ in recorded(sandbox, 2)] == ["reordered", "reordered"]
    pay(sandbox, shop, "three")
    assert shop.next_path() == "/three"


def test_a_notification_that_nothing_overtakes_comes_in_the_end(
    sandbox: SandboxProcess, shop: NotifiedShop
) -> None:
    sandbox.fault("notification", "reordered", seconds=10, count=1)
    pay(sandbox, shop, "one")

    sandbox.advance(10)

    assert shop.next_path() == "/one"


@pytest.mark.parametrize("kind", ["late", "reordered"])
def test_removing_the_fault_sends_what_it_holds_back(
    sandbox: SandboxProcess, shop: NotifiedShop, kind: str
) -> None:
    sandbox.fault("notification", kind, seconds=3600)
    pay(sandbox, shop, "one")

    sandbox.control("DELETE", "/faults")

    assert shop.next_path() == "/one"


@pytest.mark.parametrize("kind", ["late", "reordered"])
def test_a_reset_forgets_what_is_held_back(
    sandbox: SandboxProcess, shop: NotifiedShop, kind: str
) -> None:
    sandbox.fault("notification", kind, seconds=3600)
    pay(sandbox, shop, "held")

    sandbox.reset()

    pay(sandbox, shop, "one", "two")
    assert {shop.next_path(), shop.next_path()} == {"/one", "/two"}


def test_the_process_ends_at_once_with_notifications_held_back(shop: NotifiedShop) -> None:
    sandbox = SandboxProcess()
    sandbox.fault("notification", "late", seconds=3600)
    pay(sandbox, shop, "late")

    sandbox.process.send_signal(signal.SIGTERM)

    code = sandbox.process.wait(timeout=3)
    sandbox.stop()
    assert (code, sandbox.errors(), shop.received.empty()) == (0, "", True)
