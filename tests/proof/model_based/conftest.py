"""The shop of a run: the road to SEQR, and what is logged."""

import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import Settings

from payments.gateway import seqr
from tests.fault_proxy import use_seqr_at
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.proof.model_based.simulation import Slips, World
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def proxy(sandbox: SandboxProcess, settings: Settings) -> Iterator[RecordingProxy]:
    """Put the fault proxy between the shop and SEQR."""
    with RecordingProxy(sandbox.port) as proxy:
        use_seqr_at(settings, proxy.address)
        yield proxy
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
def world(sandbox: SandboxProcess, proxy: RecordingProxy, slips: Slips) -> Iterator[World]:
    """A world whose books are empty."""
    world = World(sandbox, proxy, slips)
    yield world
    world.close()
