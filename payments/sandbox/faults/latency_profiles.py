"""Latency profiles: how many seconds SEQR takes to answer, over time.

Seconds are real ones, counted from the moment at which the profile was set. The sandbox's clock,
which tests advance, does not change them.
"""

import random
from collections.abc import Callable
from enum import StrEnum
from typing import Final


class LatencyKind(StrEnum):
    """The kinds of latency profile.

    - CONSTANT: each call takes `seconds`.
    - STEP: calls take `from_seconds`, and from `at_seconds` on `to_seconds`.
    - RAMP: latency grows evenly from `from_seconds` to `to_seconds` within `over_seconds`.
    - BIMODAL: a call takes `slow_seconds` with the probability `slow_share`, else `fast_seconds`.
    - HANG: from `at_seconds` on no call is answered for `for_seconds`, then all are at once.
    """

    CONSTANT = "constant"
    STEP = "step"
    RAMP = "ramp"
    BIMODAL = "bimodal"
    HANG = "hang"


def latency_seconds(
    kind: LatencyKind,
    parameters: dict[str, float],
    elapsed_seconds: float,
    numbers: random.Random,
) -> float:
    """The latency of a call that arrives `elapsed_seconds` after the profile was set.

    `numbers` draws which calls of a bimodal profile are slow.
    """
    return _LATENCIES[kind](elapsed_seconds, numbers, **parameters)


def _constant(_elapsed: float, _numbers: random.Random, *, seconds: float) -> float:
    return seconds


def _step(
    elapsed: float,
    _numbers: random.Random,
    *,
    from_seconds: float,
    to_seconds: float,
    at_seconds: float,
) -> float:
    return from_seconds if elapsed < at_seconds else to_seconds


def _ramp(
    elapsed: float,
    _numbers: random.Random,
    *,
    from_seconds: float,
    to_seconds: float,
    over_seconds: float,
) -> float:
    share = min(elapsed / over_seconds, 1.0)
    return from_seconds + (to_seconds - from_seconds) * share


def _bimodal(
    _elapsed: float,
    numbers: random.Random,
    *,
    fast_seconds: float,
    slow_seconds: float,
    slow_share: float,
) -> float:
    return slow_seconds if numbers.random() < slow_share else fast_seconds


def _hang(
    elapsed: float, _numbers: random.Random, *, at_seconds: float, for_seconds: float
) -> float:
    if elapsed < at_seconds:
        return 0.0
    return max(at_seconds + for_seconds - elapsed, 0.0)


_LATENCIES: Final[dict[LatencyKind, Callable[..., float]]] = {
    LatencyKind.CONSTANT: _constant,
    LatencyKind.STEP: _step,
    LatencyKind.RAMP: _ramp,
    LatencyKind.BIMODAL: _bimodal,
    LatencyKind.HANG: _hang,
}
