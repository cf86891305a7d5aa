"""Liveness: a shard that runs and gets no answers is stalled, so that pages query SEQR."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from orders.clock import database_now
from payments.models import PollShard
from payments.polling.liveness import shard_is_stalled, stalled_shards
from seqrshop.redis_client import breaker
from tests.ops.shards import publish_heartbeat
from tests.redis_reset import redis_for_tests

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_heartbeat() -> None:
    redis_for_tests().delete("seqrshop:heartbeat:0/1")
    breaker.reset()


@pytest.mark.parametrize(
    ("ages", "is_stalled"),
    [
        ((0, 0, 0), False),
        ((0, 4, 4), False),  # answers a second apart, from a SEQR that is slow
        ((3, 0, 0), True),
        ((0, 8, 0), True),  # it runs and gets no answers
        ((0, 0, 8), True),  # it does not know the latest invoices
    ],
)
def test_shard_is_stalled_by_the_age_of_its_round_its_answers_or_its_read(
    ages: tuple[float, float, float], *, is_stalled: bool
) -> None:
    round_age, answer_age, read_age = ages
    publish_heartbeat(round_age=round_age, answer_age=answer_age, read_age=read_age)

    assert shard_is_stalled(0) is is_stalled
    assert stalled_shards() == ({0} if is_stalled else set())


def test_poll_interval_does_not_count_as_a_missing_answer(settings: Settings) -> None:
    settings.SEQR_POLL_INTERVAL_SECONDS = 5
    publish_heartbeat(answer_age=8)

    assert not shard_is_stalled(0)


@pytest.mark.parametrize(
    ("round_age", "answer_age", "is_stalled"), [(5, 6, False), (9, 9, True), (5, 13, True)]
)
def test_without_a_heartbeat_the_row_decides(
    round_age: float, answer_age: float, *, is_stalled: bool
) -> None:
    now = database_now()
    PollShard.objects.create(
        number=0,
        count=1,
        round_started_at=now - timedelta(seconds=round_age),
        oldest_answer_at=now - timedelta(seconds=answer_age),
    )

    assert shard_is_stalled(0) is is_stalled


def test_shard_without_heartbeat_and_row_is_stalled() -> None:
    assert shard_is_stalled(0)
    assert stalled_shards() == {0}
