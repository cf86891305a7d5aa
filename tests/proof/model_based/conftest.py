"""The shop of a run: the road to SEQR, and what is logged."""

import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import Settings

from payments.gateway import seqr
from tests.proof.model_based.road import Road
from tests.proof.model_based.simulation import Slips, World
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
    monkeypatch.setattr("payments.polling.status_checks.CHECK_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("seqrshop.storefront.stale_invoice.REFRESH_INTERVAL_SECONDS", 0)
    settings.SEQR_POLL_SHARDS = 1
    settings.REFUND_APPROVAL_LIMIT = Decimal("50.00")


@pytest.fixture
def world(sandbox: SandboxProcess, road: Road, slips: Slips) -> Iterator[World]:
    """A world whose books are empty."""
    world = World(sandbox, road, slips)
    yield world
    world.close()
