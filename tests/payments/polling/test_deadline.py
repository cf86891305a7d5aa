"""The deadline: no invoice waits ten seconds for an answer while SEQR could give it.

Each test runs a poller against a simulated SEQR on a virtual clock. `suffices` says when the limit
of calls in flight is enough: it divided by the answer time is at least the open invoices divided by
five seconds, and a quarter more, since answer times vary.
"""

import random
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from payments.polling.concurrency import ANSWER_GOAL_SECONDS, GOAL_MARGIN, MIN_LIMIT
from payments.polling.schedule import REVERSAL_SECONDS
from tests.payments.polling.virtual_seqr import Profile, VirtualSeqr, VirtualShard

MAX_SILENCE_SECONDS = 10.0
LOST = 99.0  # the seconds of a call that is never answered
QUICK = 0.02
# A trace is readable as it is, and each attempt to shrink it would take a second.
NO_SHRINKING = (Phase.explicit, Phase.generate)


def suffices(answer_seconds: float, open_count: int, max_in_flight: int) -> bool:
    """Return whether the limit allows an answer about each invoice every five seconds."""
    needed = GOAL_MARGIN * open_count / ANSWER_GOAL_SECONDS * answer_seconds
    return max_in_flight >= needed


def run(
    profile: Profile,
    *,
    open_count: int = 400,
    max_in_flight: int = 800,
    seconds: float = 40.0,
    seed: int = 0,
    service_rate: float | None = None,
) -> VirtualShard:
    """Return a shard after so many seconds with this SEQR."""
    random.seed(seed)  # of the jitter of retries
    seqr = VirtualSeqr(profile, max_in_flight=max_in_flight, seed=seed, service_rate=service_rate)
    shard = VirtualShard(seqr, open_count=open_count, max_in_flight=max_in_flight)
    shard.run(seconds)
    return shard


def step(before: float, after: float, at: float = 10.0) -> Profile:
    """Return answers after `before` seconds, and from `at` on after `after` seconds."""
    return lambda now, _: (before if now < at else after, False)


def lost_share(share: float) -> Profile:
    """Return quick answers, and no answer to a share of the calls."""
    return lambda _, dice: (LOST if dice.random() < share else QUICK, False)


def busy_share(share: float) -> Profile:
    """Return quick answers, a share of them SYSTEM_BUSY."""
    return lambda _, dice: (QUICK, dice.random() < share)


def hang(seconds: float, *, is_lost: bool, at: float = 10.0) -> Profile:
    """Return quick answers, except to the queries of some seconds: none, or after those seconds."""

    def profile(now: float, _: Random) -> tuple[float, bool]:
        if not at <= now < at + seconds:
            return QUICK, False
        return (LOST if is_lost else at + seconds - now + QUICK), False

    return profile


@pytest.mark.parametrize(
    ("profile", "open_count", "max_in_flight"),
    [
        (step(0.001, 0.5), 400, 800),
        (step(1.2, 1.2), 1000, 800),
        (step(QUICK, 3.0), 1000, 800),
        (step(QUICK, 4.8), 400, 800),
        (step(QUICK, 4.8), 1, 800),
        (lambda now, _: (min(4.0, QUICK + max(0.0, now - 10) / 5), False), 400, 800),
        (lambda _, dice: (4.8 if dice.random() < 0.1 else QUICK, False), 400, 800),
        (lambda _, dice: (3.0 if dice.random() < 0.5 else QUICK, False), 400, 800),
        (lost_share(0.01), 1000, 800),
        (lost_share(0.5), 400, 800),
        (busy_share(0.5), 400, 800),
        (hang(4.0, is_lost=True), 1000, 800),
        (hang(4.0, is_lost=True), 1, 800),
        (hang(6.0, is_lost=False), 400, 800),
    ],
    ids=[
        "step to 0.5 s",
        "always 1.2 s",
        "step to 3 s",
        "step to 4.8 s",
        "step to 4.8 s, one invoice",
        "ramp to 4 s",
        "a tenth takes 4.8 s",
        "half take 3 s",
        "one in a hundred is lost",
        "half are lost",
        "half are SYSTEM_BUSY",
        "4 s lost",
        "4 s lost, one invoice",
        "6 s stalled",
    ],
)
def test_no_invoice_waits_ten_seconds_while_the_limit_suffices(
    profile: Profile, open_count: int, max_in_flight: int
) -> None:
    shard = run(profile, open_count=open_count, max_in_flight=max_in_flight)

    assert shard.longest_silence() < MAX_SILENCE_SECONDS
    assert shard.seqr.max_in_flight_seen <= max_in_flight


@pytest.mark.parametrize("open_count", [1, 400, 1000])
@pytest.mark.parametrize(
    "profile",
    [
        hang(12.0, is_lost=True),
        hang(12.0, is_lost=False),
        lambda now, _: (QUICK, 10 <= now < 22),
    ],
    ids=["lost", "stalled", "SYSTEM_BUSY"],
)
def test_every_invoice_is_answered_within_three_seconds_of_the_end_of_an_outage(
    profile: Profile, open_count: int
) -> None:
    shard = run(profile, open_count=open_count, seconds=30.0)

    assert shard.longest_silence() < 12 + 3


def phases(slowest: float, *kinds: str) -> st.SearchStrategy[list[tuple[str, float, float]]]:
    """Return up to four phases with answer times up to `slowest`, some of the given kinds."""
    times = st.floats(0.001, slowest)
    timed = [st.tuples(st.just(kind), times, times) for kind in ("constant", "ramp", "bimodal")]
    failing = [st.tuples(st.just(kind), st.floats(0.001, 0.2), st.floats(0, 0.3)) for kind in kinds]
    return st.lists(st.one_of(*timed, *failing), min_size=1, max_size=4)


PHASE_SECONDS = 12.0


def answer_seconds_of(phase: tuple[str, float, float]) -> float:
    """Return the longest mean time in flight that an answer costs in a phase."""
    kind, first, second = phase
    if kind == "lost":  # repeated, and then given up, within about three seconds
        return (first * (1 - second) + 3.0 * second) / (1 - second)
    if kind == "busy":
        return first / (1 - second)
    if kind == "bimodal":
        return (first + second) / 2
    return max(first, second) if kind == "ramp" else first


def trace(parts: list[tuple[str, float, float]]) -> Profile:
    """Return a profile of one phase after the other."""

    def profile(now: float, dice: Random) -> tuple[float, bool]:
        place = min(int(now / PHASE_SECONDS), len(parts) - 1)
        kind, first, second = parts[place]
        if kind == "ramp":
            share = min(1.0, now / PHASE_SECONDS - place)
            return first + (second - first) * share, False
        if kind == "bimodal":
            return (first if dice.random() < 0.5 else second), False
        if kind == "lost":
            return (LOST if dice.random() < second else first), False
        return first, kind == "busy" and dice.random() < second

    return profile


# A lost call is known to be lost only after its five seconds, which leaves less for the answer.
random_phases = st.one_of(phases(4.8), phases(1.5, "lost", "busy"))


@settings(max_examples=30, deadline=None, derandomize=True, phases=NO_SHRINKING)
@given(random_phases, st.integers(1, 60), st.integers(MIN_LIMIT, 80), st.integers(0, 2**16))
def test_deadline_is_kept_over_random_traces_while_the_limit_suffices(
    parts: list[tuple[str, float, float]], open_count: int, max_in_flight: int, seed: int
) -> None:
    answer_seconds = max(answer_seconds_of(phase) for phase in parts)
    if not suffices(answer_seconds, open_count, max_in_flight):
        open_count = max(1, int(max_in_flight * ANSWER_GOAL_SECONDS / GOAL_MARGIN / answer_seconds))

    shard = run(
        trace(parts),
        open_count=open_count,
        max_in_flight=max_in_flight,
        seconds=PHASE_SECONDS * len(parts),
        seed=seed,
    )

    assert shard.longest_silence() < MAX_SILENCE_SECONDS
    assert shard.seqr.max_in_flight_seen <= max_in_flight


@settings(max_examples=15, deadline=None, derandomize=True, phases=NO_SHRINKING)
@given(st.floats(0.5, 4.8), st.integers(60, 120), st.integers(4, 20), st.integers(0, 2**16))
def test_invoices_are_queried_in_turn_while_the_limit_does_not_suffice(
    answer_seconds: float, open_count: int, max_in_flight: int, seed: int
) -> None:
    cycle = open_count * answer_seconds / max_in_flight

    shard = run(
        lambda _, dice: (answer_seconds * dice.uniform(0.8, 1.0), False),
        open_count=open_count,
        max_in_flight=max_in_flight,
        seconds=3 * cycle + 10,
        seed=seed,
    )

    answered = [len(shard.seqr.answered[key]) for key in range(open_count)]
    assert max(answered) - min(answered) <= 2
    assert shard.longest_silence() < cycle + answer_seconds + 6
    assert shard.seqr.max_in_flight_seen <= max_in_flight


def test_invoices_that_are_never_answered_leave_the_others_their_turn() -> None:
    # Half of the invoices time out whenever they are queried, and the limit does not suffice.
    seqr = VirtualSeqr(step(1.0, 1.0), max_in_flight=40)
    seqr.profile_of = lambda key: step(1.0, LOST if key % 2 == 0 else 1.0, at=0.0)
    shard = VirtualShard(seqr, open_count=200, max_in_flight=40)

    shard.run(60.0)

    assert all(len(seqr.answered[key]) >= 3 for key in range(1, 200, 2))


def test_limit_stays_at_what_the_deadline_needs_while_answers_queue_at_seqr() -> None:
    # SEQR answers 120 a second, one after the other. The deadline needs 80 (400 ÷ 5 s).
    shard = run(step(0.005, 0.005), service_rate=120, seconds=40.0)
    limits = []
    for _ in range(20):
        shard.run(1.0)
        limits.append(shard.poller.concurrency.limit)

    assert shard.longest_silence() < MAX_SILENCE_SECONDS
    assert sorted(limits)[len(limits) // 2] < 200  # of 800


@pytest.mark.parametrize(
    ("service_rate", "open_count", "max_in_flight"), [(50, 1000, 800), (15, 100, 800), (5, 50, 100)]
)
def test_answers_go_on_while_seqr_gets_more_queries_than_it_can_answer(
    service_rate: int, open_count: int, max_in_flight: int
) -> None:
    # The deadline needs a fifth of the open invoices a second. With that many calls in flight all
    # would time out.
    shard = run(
        step(0.005, 0.005),
        open_count=open_count,
        max_in_flight=max_in_flight,
        service_rate=service_rate,
        seconds=100.0,
    )
    answered_before = sum(map(len, shard.seqr.answered.values()))

    shard.run(60.0)

    answered = sum(map(len, shard.seqr.answered.values())) - answered_before
    assert answered > 60 * service_rate * 0.6


@pytest.mark.parametrize("answer_seconds", [1.2, 3.0])
def test_no_payment_is_reversed_while_seqr_loses_most_calls(answer_seconds: float) -> None:
    """Three of four backends hang: fewer calls would bring fewer answers, and no quicker ones."""
    shard = run(
        lambda _, dice: (LOST if dice.random() < 0.7 else answer_seconds, False),
        open_count=50,
        seconds=60.0,
    )

    assert shard.longest_silence() < REVERSAL_SECONDS


@pytest.mark.parametrize("open_count", [50, 400])
def test_no_payment_is_reversed_in_an_outage_while_answers_take_nearly_a_time_out(
    open_count: int,
) -> None:
    """The time-outs of the outage are no sign that SEQR gets too many calls after it."""
    shard = run(
        lambda now, _: (LOST if 20 <= now < 32 else 4.4, False), open_count=open_count, seconds=90.0
    )

    assert shard.longest_silence() < REVERSAL_SECONDS


def test_backlog_of_a_start_is_spread_over_half_a_second() -> None:
    shard = run(step(0.001, 0.001), open_count=5000, seconds=0.2)

    first = sum(map(len, shard.seqr.sent.values()))

    assert 1000 <= first <= 3000


def test_one_call_at_a_time_is_enough_for_a_few_invoices() -> None:
    shard = run(step(QUICK, QUICK), open_count=5, max_in_flight=1)

    assert shard.longest_silence() < MAX_SILENCE_SECONDS
