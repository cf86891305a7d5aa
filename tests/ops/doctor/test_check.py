"""The doctor runs all checks at once; none that fails or hangs stops the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from seqrshop.ops.doctor import check as check_module
from seqrshop.ops.doctor.check import Check, concurrently, run_checks
from seqrshop.ops.doctor.finding import Finding, Level, failed, ok
from tests.ops.doctor.results import levels

LIMIT = 0.2


def check(name: str, *findings: Finding) -> Check:
    return Check(name, lambda: findings, "Look at its log.")


def hanging(name: str, *before: Finding) -> Check:
    def run() -> Iterator[Finding]:
        yield from before
        threading.Event().wait(30)

    return Check(name, run, "Restart it.")


def test_all_checks_hang_and_the_doctor_ends_within_its_limit() -> None:
    began_at = time.monotonic()

    findings = run_checks([hanging(f"server {number}") for number in range(13)], limit=LIMIT)

    assert time.monotonic() - began_at < LIMIT + 1
    assert len(findings) == 13
    assert findings[0] == failed("server 0", "No answer within 0.2 seconds.", "Restart it.")


def test_what_a_check_found_before_it_hung_is_reported() -> None:
    checks = [hanging("redis", ok("memory", "Enough.")), check("disk", ok("disk", "Enough."))]

    findings = run_checks(checks, limit=LIMIT)

    assert levels(findings) == {"memory": "ok", "redis": "failed", "disk": "ok"}


def test_check_that_raises_fails_without_the_text_of_its_error() -> None:
    def run() -> Iterator[Finding]:
        yield ok("host", "Is known.")
        raise ValueError("password=secret")

    _, finding = run_checks([Check("mail", run, "Look at its log.")])

    assert finding == failed(
        "mail", "The check itself has failed (ValueError).", "Look at its log."
    )


def test_failing_check_is_repeated_until_it_succeeds() -> None:
    runs: list[str] = []

    def run() -> Iterator[Finding]:
        runs.append("worker")
        yield (
            ok("worker", "Runs.")
            if runs.count("worker") == 2
            else failed("worker", "None.", "Start it.")
        )

    def once() -> Iterator[Finding]:
        runs.append("disk")
        yield ok("disk", "Enough.")

    began_at = time.monotonic()
    findings = run_checks([Check("worker", run, ""), Check("disk", once, "")], wait=60)

    assert levels(findings) == {"worker": "ok", "disk": "ok"}
    assert sorted(runs) == ["disk", "worker", "worker"]
    assert time.monotonic() - began_at < 30


def test_refused_credentials_are_not_tried_again_and_again() -> None:
    runs: list[str] = []

    def run() -> Iterator[Finding]:
        runs.append("credentials")
        yield failed("credentials", "Refused.", "Correct them.")

    run_checks([Check("credentials", run, "", is_repeated=False)], wait=60)

    assert runs == ["credentials"]


def test_failing_check_is_reported_once_the_wait_is_over() -> None:
    findings = run_checks([check("worker", failed("worker", "None.", "Start it."))], wait=0.1)

    assert [each.level for each in findings] == [Level.FAILED]


def test_calls_at_once_keep_their_order_and_leave_out_the_slow_one() -> None:
    calls = [lambda: "first", lambda: threading.Event().wait(30), lambda: "third"]

    assert concurrently(calls, LIMIT) == ["first", None, "third"]


def test_calls_that_fail_are_left_out_and_stop_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "CALLS_AT_ONCE", 1)

    def fail() -> str:
        raise RuntimeError

    assert concurrently([fail, lambda: "second"], LIMIT) == [None, "second"]
