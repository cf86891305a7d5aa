"""Orders and payments, whatever anybody does in whatever order. See docs/proof.md."""

import logging
import os
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from payments.gateway import seqr
from tests.proof.lifecycle.machine import Lifecycle
from tests.proof.lifecycle.plan import RUNS, SEED, SEEDS, STEPS
from tests.proof.lifecycle.road import Road
from tests.proof.lifecycle.world import Slips, World
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def road(sandbox: SandboxProcess, settings: Settings) -> Iterator[Road]:
    """What the shop takes for SEQR."""
    with Road(sandbox.port) as road:
        settings.SEQR_SERVICE_URL = f"{road.address}/soap/service"
        settings.SEQR_SESSION_URL = f"{road.address}/soap/session"
        seqr.cache_clear()
        yield road
    seqr.cache_clear()


@pytest.fixture
def slips() -> Iterator[Slips]:
    """What the shop logs with a traceback."""
    slips = Slips()
    logging.getLogger().addHandler(slips)
    yield slips
    logging.getLogger().removeHandler(slips)


@pytest.fixture(autouse=True)
def _the_web_forgets_at_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """What is asked at most once in some seconds is asked each time: seconds are turned by hand."""
    monkeypatch.setattr("payments.checks.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("orders.views.recheck.EVERY_SECONDS", 0)
    settings.SEQR_POLL_SHARDS = 1
    settings.REFUND_APPROVAL_LIMIT = Decimal("50.00")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(SEED, SEED + SEEDS))
def test_whatever_happens_in_whatever_order_the_promises_hold(
    sandbox: SandboxProcess, road: Road, slips: Slips, number: int
) -> None:
    phases = [Phase.generate]
    if "SHRINK" in os.environ:
        phases.append(Phase.shrink)

    def machine() -> Lifecycle:
        return Lifecycle(World(sandbox, road, slips))

    run_state_machine_as_test(
        seed(number)(machine),  # type: ignore[arg-type]  # a function may stand for the class
        settings=hypothesis_settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=phases,
            report_multiple_bugs=False,
        ),
    )
