"""Each task does its work, and nothing else: it calls what it is named for."""

from __future__ import annotations

from typing import Any

import pytest

from payments import tasks
from payments.tasks import SOURCE

NOW = object()  # what the database's clock says
# Each task, its arguments, and the calls that it makes in turn.
WORK: dict[str, tuple[tuple[Any, ...], list[tuple[str, tuple[Any, ...]]]]] = {
    "finish_cancel": ((7,), [("cancel.finish_cancel", (7, SOURCE))]),
    "mark_interrupted_refund_unknown": (
        (7,),
        [("refund_sending.mark_interrupted_refund_unknown", (7, SOURCE))],
    ),
    "check_audit_marker": ((), [("hold.hold_after_loss", (SOURCE,))]),
    "submit_receipts": (([7, 8],), [("submit.submit_receipts", ([7, 8],))]),
    "answer_loyalty_cards": ((7,), [("answer.answer_loyalty_cards", (7,))]),
    "repeat_late_query": ((7,), [("refresh.repeat_late_query", (7, SOURCE))]),
    "open_unconfirmed_case": ((7,), [("unconfirmed.open_unconfirmed_case", (7, SOURCE))]),
    "advance_period": ((7,), [("periods.advance_period", (7,))]),
    "send_mails": ((), [("outbox.send_mails", ())]),
    "make_delivery": ((7,), [("deliveries.make_delivery", (7,))]),
    "retire_terminals": ((), [("terminals.retire_free_terminals", ())]),
    "digest_audit": ((), [("digest_finished_days", (NOW,))]),
    "extend_audit": ((), [("make_audit_partitions", ())]),
    "erase_customers": ((), [("erase_old_customers", (NOW,))]),
    "count_scans": ((), [("scans.count_scans", ())]),
    "forget_sessions": (
        (),
        [
            ("scans.count_scans", ()),
            ("scans.forget_old_scans", ()),
            ("forget_expired_sessions", ()),
        ],
    ),
    "count_takings": ((), [("update_takings", ()), ("update_activity", ())]),
}


@pytest.mark.parametrize("name", WORK)
def test_task_calls_what_it_is_named_for(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    arguments, expected = WORK[name]
    monkeypatch.setattr(tasks, "database_now", lambda: NOW)
    called: list[tuple[str, tuple[Any, ...]]] = []
    for target, _ in expected:
        monkeypatch.setattr(
            f"payments.tasks.{target}", lambda *given, target=target: called.append((target, given))
        )

    getattr(tasks, name).run(*arguments)

    assert called == expected


def test_periods_are_advanced_after_refunds_and_reports_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[Any] = []
    replaced: dict[str, Any] = {
        "held_refunds.review_held_refunds": lambda: called.append("held"),
        "database_now": lambda: NOW,
        "overdue.open_overdue_cases": called.append,
        "periods.periods_due": lambda now: [7, 8] if now is NOW else [],
        "enqueue": lambda task, *ids, **_options: called.append((task, ids)),
    }
    for target, function in replaced.items():
        monkeypatch.setattr(f"payments.tasks.{target}", function)

    tasks.advance_periods.run()

    assert called == ["held", NOW, (tasks.advance_period, (7,)), (tasks.advance_period, (8,))]


def test_worker_checks_the_audit_marker_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr(tasks, "enqueue", enqueued.append)

    tasks.check_audit_marker_at_start()

    assert enqueued == [tasks.check_audit_marker]
