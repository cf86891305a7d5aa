"""Faults of notifications: lost, doubled, late and reordered."""

import signal
import time

import pytest

from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox.shop_server import ShopServer
from tests.sandbox.waiting import wait_for
from tests.sandbox_process import SandboxProcess


def pay(sandbox: SandboxProcess, shop: ShopServer, *names: str) -> list[str]:
    """Pay an invoice with the notificationUrl /name for each name; return the references."""
    soap = SoapClient(sandbox)
    references = [
        soap.new_invoice(invoice(notification_url=f"{shop.url}/{name}")) for name in names
    ]
    for reference in references:
        sandbox.pay(reference)
    return references


def logged_notifications(
    sandbox: SandboxProcess, count: int
) -> list[tuple[str, str | None, int | None]]:
    """Wait for so many; return reference, fault and HTTP status of each."""
    wait_for(lambda: len(sandbox.calls("notification")) >= count)
    calls = sandbox.calls("notification")
    return [(call["invoice_reference"], call["fault"], call["http_status"]) for call in calls]


def test_lost_notification_is_never_sent(sandbox: SandboxProcess, shop: ShopServer) -> None:
    sandbox.fault("notification", "lost", count=1)

    references = pay(sandbox, shop, "one", "two")

    assert shop.next_path() == "/two"
    assert logged_notifications(sandbox, 2) == [
        (references[0], "lost", None),
        (references[1], None, 500),
    ]
    assert shop.received.empty()


def test_doubled_notification_is_sent_twice(sandbox: SandboxProcess, shop: ShopServer) -> None:
    sandbox.fault("notification", "doubled")

    (reference,) = pay(sandbox, shop, "one")

    assert [shop.next_path(), shop.next_path()] == ["/one", "/one"]
    assert logged_notifications(sandbox, 2) == [(reference, "doubled", 500)] * 2


def test_late_notification_follows_sandbox_clock(sandbox: SandboxProcess, shop: ShopServer) -> None:
    sandbox.fault("notification", "late", seconds=30, count=1)
    late, _ = pay(sandbox, shop, "late", "next")
    first = shop.next_path()
    logged_notifications(sandbox, 1)  # which waits for it
    sandbox.advance(29)
    in_between = len(sandbox.calls("notification"))

    sandbox.advance(1)

    assert (first, in_between, shop.next_path()) == ("/next", 1, "/late")
    assert logged_notifications(sandbox, 2)[1] == (late, "late", 500)
    assert sandbox.invoice(late)["reversed"] is True


def test_late_notification_is_sent_in_real_time(sandbox: SandboxProcess, shop: ShopServer) -> None:
    sandbox.fault("notification", "late", seconds=0.2)
    started = time.monotonic()

    pay(sandbox, shop, "late")

    assert shop.next_path() == "/late"
    assert time.monotonic() - started >= 0.2


def test_reordered_notifications_are_swapped(sandbox: SandboxProcess, shop: ShopServer) -> None:
    sandbox.fault("notification", "reordered", count=1)

    pay(sandbox, shop, "one", "two")

    assert [shop.next_path(), shop.next_path()] == ["/two", "/one"]
    assert [fault for _, fault, _ in logged_notifications(sandbox, 2)] == ["reordered", "reordered"]
    pay(sandbox, shop, "three")
    assert shop.next_path() == "/three"


def test_reordered_notification_is_sent_after_timeout_without_another(
    sandbox: SandboxProcess, shop: ShopServer
) -> None:
    sandbox.fault("notification", "reordered", seconds=10, count=1)
    pay(sandbox, shop, "one")

    sandbox.advance(10)

    assert shop.next_path() == "/one"


@pytest.mark.parametrize("kind", ["late", "reordered"])
def test_removing_fault_sends_delayed_notification(
    sandbox: SandboxProcess, shop: ShopServer, kind: str
) -> None:
    sandbox.fault("notification", kind, seconds=3600)
    pay(sandbox, shop, "one")

    sandbox.control("DELETE", "/faults")

    assert shop.next_path() == "/one"


@pytest.mark.parametrize("kind", ["late", "reordered"])
def test_reset_discards_delayed_notification(
    sandbox: SandboxProcess, shop: ShopServer, kind: str
) -> None:
    sandbox.fault("notification", kind, seconds=3600)
    pay(sandbox, shop, "delayed")

    sandbox.reset()

    pay(sandbox, shop, "one", "two")
    assert {shop.next_path(), shop.next_path()} == {"/one", "/two"}


def test_process_ends_at_once_with_delayed_notifications(shop: ShopServer) -> None:
    sandbox = SandboxProcess()
    sandbox.fault("notification", "late", seconds=3600)
    pay(sandbox, shop, "late")

    sandbox.process.send_signal(signal.SIGTERM)

    code = sandbox.process.wait(timeout=30)
    sandbox.stop()
    assert (code, sandbox.errors(), shop.received.empty()) == (0, "", True)
