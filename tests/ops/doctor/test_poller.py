"""The doctor's lines about the poller's shards."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from seqrshop.ops.doctor.poller import polled_shards, shards
from tests.factories import InvoiceFactory
from tests.ops.doctor.results import levels, only
from tests.ops.shards import publish_heartbeat, write_row


@pytest.fixture
def open_invoice(db: None) -> None:
    InvoiceFactory.create(issued=True)


def test_shard_that_is_polled_is_ok(db: None, no_heartbeat: None) -> None:
    publish_heartbeat()

    assert levels(shards()) == {"shards": "ok"}


def test_shard_without_a_heartbeat_fails_although_nothing_is_open(
    db: None, no_heartbeat: None
) -> None:
    finding = only(shards())

    assert (finding.level, finding.subject) == ("failed", "shards")
    assert "after 20 seconds" in finding.message
    assert finding.advice == "Start or restart a poller now."


def test_shard_whose_heartbeat_is_old_fails_with_its_age(db: None, no_heartbeat: None) -> None:
    publish_heartbeat(round_age=40)

    assert "for 40 seconds" in only(shards()).message


@pytest.mark.parametrize(
    ("ages", "message"),
    [
        ({"answer_age": 12.0}, "SEQR has not answered about an open payment for 12 seconds"),
        ({"read_age": 12.0}, "It has not read its open payments for 12 seconds"),
    ],
)
def test_open_payment_without_an_answer_fails(
    open_invoice: None, no_heartbeat: None, ages: Any, message: str
) -> None:
    publish_heartbeat(**ages)

    assert message in only(shards()).message


def test_row_in_postgresql_stands_in_for_redis(db: None, redis_down: None) -> None:
    write_row()

    assert levels(shards()) == {"shards": "ok"}


def test_nothing_is_known_without_redis_and_postgresql(
    postgresql_down: None, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert levels(shards()) == {"shards": "warning"}


def test_poller_whose_shards_are_not_polled_is_restarted(db: None, no_heartbeat: None) -> None:
    assert levels(polled_shards()) == {"shards": "failed"}


def test_poller_is_not_restarted_because_seqr_does_not_answer(
    open_invoice: None, no_heartbeat: None
) -> None:
    publish_heartbeat(answer_age=12)

    assert levels(polled_shards()) == {"shards": "ok"}


def test_poller_is_not_restarted_because_postgresql_is_away(
    postgresql_down: None, no_heartbeat: None
) -> None:
    assert levels(polled_shards()) == {"shards": "warning"}

    publish_heartbeat()
    assert levels(polled_shards()) == {"shards": "ok"}
