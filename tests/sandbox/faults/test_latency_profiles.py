"""The latency of a call under each profile, by the time at which it arrives."""

import random

import pytest

from payments.sandbox.faults.latency_profiles import LatencyKind, latency_seconds

STEP = {"from_seconds": 0.0, "to_seconds": 0.5, "at_seconds": 10.0}
RAMP = {"from_seconds": 1.0, "to_seconds": 3.0, "over_seconds": 4.0}
BIMODAL = {"fast_seconds": 0.05, "slow_seconds": 2.0, "slow_share": 0.25}
HANG = {"at_seconds": 5.0, "for_seconds": 12.0}


def latency(kind: LatencyKind, parameters: dict[str, float], elapsed_seconds: float) -> float:
    return latency_seconds(kind, parameters, elapsed_seconds, random.Random(7))


@pytest.mark.parametrize("elapsed_seconds", [0, 0.1, 3600])
def test_constant_latency_is_the_same_at_all_times(elapsed_seconds: float) -> None:
    assert latency(LatencyKind.CONSTANT, {"seconds": 1.2}, elapsed_seconds) == 1.2


@pytest.mark.parametrize(
    ("elapsed_seconds", "expected"), [(0, 0), (9.99, 0), (10, 0.5), (10.01, 0.5), (3600, 0.5)]
)
def test_step_changes_latency_at_its_time(elapsed_seconds: float, expected: float) -> None:
    assert latency(LatencyKind.STEP, STEP, elapsed_seconds) == expected


@pytest.mark.parametrize(
    ("elapsed_seconds", "expected"), [(0, 1), (1, 1.5), (2, 2), (4, 3), (5, 3), (3600, 3)]
)
def test_ramp_grows_evenly_and_stays_at_its_end(elapsed_seconds: float, expected: float) -> None:
    assert latency(LatencyKind.RAMP, RAMP, elapsed_seconds) == expected


def test_ramp_may_fall() -> None:
    falling = {"from_seconds": 2.0, "to_seconds": 0.0, "over_seconds": 4.0}

    assert [latency(LatencyKind.RAMP, falling, each) for each in (0, 1, 4)] == [2, 1.5, 0]


def test_bimodal_latency_is_slow_for_its_share_of_calls() -> None:
    numbers = random.Random(7)

    drawn = [latency_seconds(LatencyKind.BIMODAL, BIMODAL, 0, numbers) for _ in range(10_000)]

    assert set(drawn) == {0.05, 2.0}
    assert 2_300 < drawn.count(2.0) < 2_700


@pytest.mark.parametrize(
    ("elapsed_seconds", "expected"),
    [(0, 0), (4.9, 0), (5, 12), (6, 11), (16.5, 0.5), (17, 0), (17.1, 0)],
)
def test_hang_holds_calls_until_its_end(elapsed_seconds: float, expected: float) -> None:
    assert latency(LatencyKind.HANG, HANG, elapsed_seconds) == expected
