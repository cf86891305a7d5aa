"""The outages that are tried: of PostgreSQL, of Redis, and of SEQR."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.proof.outages.standby import start_standby

if TYPE_CHECKING:
    from tests.proof.outages.stage import Stage

DURATIONS_SECONDS = (5, 20, 45, 90)
TWO_POLLERS_SECONDS = 45
RAMP_STEPS = 30


@dataclass(frozen=True)
class Outage:
    """A fault that lasts for `seconds`, and the shop that it meets.

    `apply` starts the fault, waits, and ends it; `prepare` comes before the figures are taken.
    `is_sufficient`: SEQR answers fast enough, and
    often enough, for every invoice to be queried within the deadline.
    """

    name: str
    seconds: int
    apply: Callable[[Stage, float], None]
    open: int = 20
    shards: int = 2
    pollers: int = 1
    is_sufficient: bool = True
    prepare: Callable[[Stage], None] | None = None
    through_proxy: bool = False  # SEQR is reached through the proxy, which costs CPU


def outages() -> Iterator[Outage]:
    """Return every outage of the table."""
    for server in ("PostgreSQL", "Redis"):
        for what, apply in (("refuses", _refuse), ("hangs", _hang), ("restarts", _restart)):
            for seconds in DURATIONS_SECONDS:
                yield Outage(f"{server} {what}", seconds, partial(apply, server))
            yield Outage(f"{server} {what}", TWO_POLLERS_SECONDS, partial(apply, server), pollers=2)
    yield Outage("PostgreSQL fails over", 20, _fail_over, prepare=_start_standby)
    slow = partial(Outage, shards=1)
    yield slow("SEQR answers after 0.5 s", 60, _behave(delay=0.5), open=400)
    yield slow("SEQR answers after 1.2 s", 60, _behave(delay=1.2), open=1000)
    yield slow("SEQR answers after 0 to 2 s, ever slower", 60, _ramp, open=400)
    yield slow("SEQR answers one of ten after 4 s", 60, _behave(0.1, slow_delay=4.0), open=400)
    yield slow("SEQR hangs", 12, _behave(delay=12.0), open=400)
    yield slow("SEQR is busy (93) for nine of ten", 30, _behave(busy_share=0.9), open=400)
    yield slow(
        "one of SEQR's two addresses is unreachable",
        45,
        _half_unreachable,
        open=100,
        through_proxy=True,
    )
    yield slow("SEQR answers after 4.5 s", 60, _behave(delay=4.5), open=3000, is_sufficient=False)


def _refuse(server: str, stage: Stage, seconds: float) -> None:
    stage.proxies[server].refuse()
    time.sleep(seconds)
    stage.proxies[server].restore()


def _hang(server: str, stage: Stage, seconds: float) -> None:
    stage.proxies[server].hang()
    time.sleep(seconds)
    stage.proxies[server].restore()


def _restart(server: str, stage: Stage, seconds: float) -> None:
    stage.servers[server].kill()
    time.sleep(seconds)
    stage.restart_server(server)


def _start_standby(stage: Stage) -> None:
    stage.standby = start_standby(
        stage.servers["PostgreSQL"], stage.addresses.migration_database_url
    )


def _fail_over(stage: Stage, seconds: float) -> None:
    assert stage.standby is not None
    stage.servers["PostgreSQL"].kill()
    time.sleep(seconds)
    stage.promote(stage.standby)


def _half_unreachable(stage: Stage, seconds: float) -> None:
    stage.proxies["SEQR"].hang_every_second()
    time.sleep(seconds)
    stage.proxies["SEQR"].restore()


def _behave(slow_share: float = 0.0, **behaviour: float) -> Callable[[Stage, float], None]:
    def apply(stage: Stage, seconds: float) -> None:
        stage.seqr.set_behaviour(
            payments_per_second=stage.payments_per_second, slow_share=slow_share, **behaviour
        )
        time.sleep(seconds)
        stage.seqr.set_behaviour(payments_per_second=stage.payments_per_second)

    return apply


def _ramp(stage: Stage, seconds: float) -> None:
    for step in range(1, RAMP_STEPS + 1):
        _behave(delay=2.0 * step / RAMP_STEPS)(stage, seconds / RAMP_STEPS)
