"""Scans are counted from the sessions, each once, on the local day of its code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.clock import database_now
from orders.codes import scans
from orders.codes.generate import save_qr_code
from orders.codes.scans import count_scans, forget_old_scans, with_scans
from orders.models import CodeScans, CustomerSession, QrCode, ScanCursor, Shop
from payments.tasks import forget_sessions
from tests.factories import CustomerSessionFactory, ShopFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def scan(shop: Shop, parameters: dict[str, str], at: datetime) -> CustomerSession:
    """Store the session of a scan."""
    session = CustomerSessionFactory.create(shop=shop, parameters=parameters)
    CustomerSession.objects.filter(pk=session.pk).update(created_at=at)
    return session


def counted() -> dict[str, int]:
    """Return the number of scans by placement."""
    codes = with_scans(QrCode.objects.all(), database_now())
    return {code.placement: code.recent_scans for code in codes}  # type: ignore[attr-defined]


def test_scan_counts_for_the_code_with_its_parameters_in_its_shop() -> None:
    shop, other = ShopFactory.create(), ShopFactory.create()
    for placement, parameters in (("Counter", ""), ("Table 4", "TABLE=4"), ("Table 5", "TABLE=5")):
        save_qr_code(shop, placement, parameters, None)
    save_qr_code(other, "Terrace", "TABLE=4", None)
    earlier = database_now() - 2 * MINUTE
    scanned: list[dict[str, str]] = [{"TABLE": "4"}, {"TABLE": "4"}, {}, {"TABLE": "99"}]
    for each in scanned:
        scan(shop, each, earlier)

    count_scans()

    assert counted() == {"Counter": 1, "Table 4": 2, "Table 5": 0, "Terrace": 0}
    last_scans = dict(QrCode.objects.values_list("placement", "last_scanned_at"))
    assert last_scans == {"Counter": earlier, "Table 4": earlier, "Table 5": None, "Terrace": None}


def test_scan_is_counted_once_whenever_and_in_whatever_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scans, "COUNT_BATCH_SIZE", 2)
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    earlier = database_now() - 2 * MINUTE
    for _ in range(5):
        scan(shop, {"TABLE": "4"}, earlier)

    numbers = [count_scans(), count_scans()]
    scan(shop, {"TABLE": "4"}, earlier)
    numbers.append(count_scans())

    assert numbers == [5, 0, 1]
    assert counted() == {"Table 4": 6}


def test_scan_that_may_not_be_committed_before_an_earlier_one_waits_for_the_next_run() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    scan(shop, {"TABLE": "4"}, database_now() - 2 * MINUTE)
    newest = scan(shop, {"TABLE": "4"}, database_now())

    first = count_scans()
    CustomerSession.objects.filter(pk=newest.pk).update(created_at=database_now() - 2 * MINUTE)
    second = count_scans()

    assert (first, second) == (1, 1)


def test_count_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    scan(shop, {"TABLE": "4"}, database_now() - 2 * MINUTE)

    def killed(*_arguments: Any, **_fields: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(ScanCursor.objects, "update", killed)
        with pytest.raises(ConnectionError):
            count_scans()
    after_failure = counted()
    count_scans()

    assert (after_failure, counted()) == ({"Table 4": 0}, {"Table 4": 1})


def test_scan_counts_on_its_day_in_stockholm() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    scan(shop, {"TABLE": "4"}, datetime(2026, 7, 1, 22, 30, tzinfo=UTC))  # 00:30 on the 2nd

    count_scans()

    assert CodeScans.objects.get().day.isoformat() == "2026-07-02"


def test_expired_session_is_counted_before_it_is_deleted() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    session = scan(shop, {"TABLE": "4"}, database_now() - 2 * MINUTE)
    CustomerSession.objects.filter(pk=session.pk).update(expires_at=database_now() - MINUTE)

    forget_sessions()

    assert not CustomerSession.objects.exists()
    assert counted() == {"Table 4": 1}


def test_only_the_last_thirty_days_count_and_older_days_are_deleted() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    for days in (0, 29, 30, 31):
        scan(shop, {"TABLE": "4"}, database_now() - timedelta(days=days) - 2 * MINUTE)
    count_scans()
    shown = counted()

    forget_old_scans()

    assert shown == {"Table 4": 2}
    assert CodeScans.objects.count() == 3
