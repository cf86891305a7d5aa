"""The doctor's lines about web, workers and Beat: running, answering, of this version."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from celery.signals import after_task_publish, worker_shutting_down
from pytest_django import Settings

from seqrshop import __version__, presence
from seqrshop.celery import app, publish_presence, publish_ticks
from seqrshop.local import demo
from seqrshop.ops.doctor import processes as checks
from seqrshop.ops.doctor.processes import beat, own_beat, own_web, own_worker, processes
from seqrshop.presence import Process, last_entries, present_processes, this_process
from tests.ops.doctor.results import levels, only
from tests.payments.seqr.scripted_server import ScriptedServer
from tests.redis_reset import redis_for_tests

KINDS = ("web", "worker", "background", "poller")
HOST = socket.gethostname()


@pytest.fixture(autouse=True)
def _no_processes() -> Iterator[None]:
    client = redis_for_tests()  # a test may name another Redis
    client.delete(presence.KEY)
    yield
    client.delete(presence.KEY)


def runs(process: Process, *, seconds_ago: float = 0.0) -> Process:
    """Publish a process, as it did so many seconds ago."""
    redis_for_tests().zadd(presence.KEY, {json.dumps(asdict(process)): time.time() - seconds_ago})
    return process


def all_run() -> None:
    for kind in KINDS:
        runs(this_process(kind))


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the workers that answer a ping."""
    names = {f"{kind}@{HOST}" for kind in KINDS[1:]}

    def answers(asked: Sequence[str] | None = None) -> set[str]:
        return names & set(asked) if asked else names

    monkeypatch.setattr(checks, "_answering_workers", answers)
    return names


def test_processes_of_this_version_that_answer_are_ok(answering: set[str]) -> None:
    all_run()

    assert levels(processes()) == dict.fromkeys(KINDS, "ok")


def test_kind_without_a_process_fails_and_says_what_stops(answering: set[str]) -> None:
    all_run()
    redis_for_tests().zrem(presence.KEY, json.dumps(asdict(this_process("worker"))))

    finding = only(processes())

    assert (finding.level, finding.subject) == ("failed", "worker")
    assert finding.message == "None runs or answers: orders are not sent."
    assert finding.advice == "Start or restart worker."


def test_process_that_was_killed_counts_no_more_after_twenty_seconds(answering: set[str]) -> None:
    all_run()
    runs(this_process("background"), seconds_ago=21)

    assert only(processes()).subject == "background"


def test_worker_of_another_version_fails_and_is_named(answering: set[str]) -> None:
    all_run()
    other = runs(Process("worker", "worker@till", "till", 12, "0.0.9"))

    finding = only(processes())

    assert finding.level == "failed"
    assert f"{other.name} (pid 12) runs version 0.0.9" in finding.message
    assert __version__ in finding.message


def test_worker_that_answers_no_ping_fails(answering: set[str]) -> None:
    all_run()
    answering.discard(f"background@{HOST}")

    finding = only(processes())

    assert (finding.level, finding.subject) == ("failed", "background")
    assert "does not answer" in finding.message


def test_second_worker_that_answers_no_ping_is_a_warning(answering: set[str]) -> None:
    all_run()
    runs(replace(this_process("worker"), name="worker2@till", pid=7))

    finding = only(processes())

    assert (finding.level, finding.subject) == ("warning", "worker")
    assert "worker2@till (pid 7)" in finding.message


def test_poller_that_answers_no_ping_is_a_warning_since_it_may_poll(answering: set[str]) -> None:
    all_run()
    answering.discard(f"poller@{HOST}")

    assert only(processes()).level == "warning"


def test_nothing_is_known_of_processes_while_redis_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert levels([*processes(), *beat(), *own_worker("worker"), *own_beat()]) == {
        "processes": "warning",
        "beat": "warning",
        "worker": "warning",
    }


@pytest.mark.parametrize(
    ("seconds_ago", "version", "level"),
    [(2, __version__, "ok"), (16, __version__, "failed"), (2, "0.0.9", "failed")],
)
def test_beat_is_judged_by_the_task_that_it_enqueued_last(
    seconds_ago: float, version: str, level: str
) -> None:
    runs(replace(this_process("beat"), version=version), seconds_ago=seconds_ago)

    (finding,) = beat()

    assert finding.level == level


def test_beat_that_stopped_hours_ago_is_reported_with_its_host() -> None:
    runs(this_process("beat"), seconds_ago=3 * 3600)

    (finding,) = beat()

    assert f"its last task 3 hours ago, on {HOST}" in finding.message


def test_beat_of_another_host_is_not_that_of_this_container() -> None:
    runs(replace(this_process("beat"), host="elsewhere"))

    assert levels(beat()) == {"beat": "ok"}
    assert levels(own_beat()) == {"beat": "failed"}


# --- What the processes publish ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queues", "kinds"),
    [
        (["customer"], ["worker"]),
        (["background"], ["background"]),
        (["poll"], ["poller"]),
        (["other"], []),
    ],
)
def test_worker_publishes_its_kind_until_it_is_stopped(
    queues: list[str], kinds: list[str], eventually: object
) -> None:
    consumer = SimpleNamespace(
        app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=queues))),
        hostname="worker7@till",
    )

    publish_presence(consumer)
    deadline = time.monotonic() + 30
    while len(present_processes()) < len(kinds) and time.monotonic() < deadline:
        time.sleep(0.01)
    present = present_processes()
    worker_shutting_down.send(sender="worker7@till", sig="SIGTERM", how="Warm", exitcode=0)

    assert [(each.kind, each.name, each.version) for each in present] == [
        (kind, "worker7@till", __version__) for kind in kinds
    ]
    assert present_processes() == []


def test_beat_publishes_when_it_enqueues_a_task() -> None:
    receivers = list(after_task_publish.receivers)
    try:
        publish_ticks()
        before = last_entries()
        after_task_publish.send(sender="payments.tasks.run_recovery", exchange="")
        after = present_processes()
    finally:
        after_task_publish.receivers[:] = receivers

    assert before == {}
    assert [each.kind for each in after] == ["beat"]


def test_entry_of_a_day_ago_is_removed() -> None:
    runs(Process("web", "web@gone", "gone", 1, "0.0.1"), seconds_ago=25 * 3600)

    presence.publish(this_process("web"))

    assert [each.host for each in last_entries()] == [HOST]


def test_publishing_is_left_out_while_redis_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    presence.publish(this_process("web"))
    presence.withdraw(this_process("web"))


# --- One process ---------------------------------------------------------------------------------


def test_own_worker_is_asked_by_the_name_that_it_has_published(answering: set[str]) -> None:
    runs(replace(this_process("poller"), name="poller2@here"))
    answering |= {"poller2@here", "poller@elsewhere"}
    answering.discard(f"poller@{HOST}")

    assert levels(own_worker("poller")) == {"poller": "ok"}

    answering.discard("poller2@here")
    assert levels(own_worker("poller")) == {"poller": "failed"}


def test_no_worker_answers_a_ping_where_none_runs() -> None:
    assert app.conf.broker_url
    assert levels(own_worker("worker")) == {"worker": "failed"}


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (503, "failed")])
def test_own_web_is_judged_by_its_answer(
    monkeypatch: pytest.MonkeyPatch, status: int, level: str
) -> None:
    server = ScriptedServer()
    server.respond_with(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
    monkeypatch.setenv("PORT", str(server.port))
    monkeypatch.setenv("LISTEN_HOST", demo.ALL_ADDRESSES)
    try:
        (finding,) = own_web()
    finally:
        server.stop()

    assert finding.level == level
    assert server.requests[0].head.startswith("GET /health/live ")


def test_own_web_that_does_not_listen_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9")

    (finding,) = own_web()

    assert finding.level == "failed"
