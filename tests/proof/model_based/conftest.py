"""The fixtures of a run: the fault proxy, the log of errors, and settings."""

import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import Settings

from payments.gateway import forget_connections
from tests.fault_proxy import use_seqr_at
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.proof.model_based.simulation import Simulation, TracebackLog
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def proxy(sandbox: SandboxProcess, settings: Settings) -> Iterator[RecordingProxy]:
    """Put the fault proxy between the shop and SEQR."""
    with RecordingProxy(sandbox.port) as proxy:
        use_seqr_at(settings, proxy.address)
        yield proxy
    forget_connections()


@pytest.fixture
def traceback_log() -> Iterator[TracebackLog]:
    """Collect what the shop logs with a traceback."""
    traceback_log = TracebackLog()
    logging.getLogger().addHandler(traceback_log)
    yield traceback_log
    logging.getLogger().removeHandler(traceback_log)


@pytest.fixture(autouse=True)
def _no_throttling(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Do not throttle by real time, since the run advances the clocks itself."""
    monkeypatch.setattr("payments.polling.status_checks.CHECK_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("seqrshop.storefront.stale_invoice.REFRESH_INTERVAL_SECONDS", 0)
    settings.SEQR_POLL_SHARDS = 1
    settings.SEQR_TERMINAL_ID = settings.SEQR_RESELLER_ID = ""  # all are rows
    settings.TERMINAL_REFUND_DAYS = 1
    settings.REFUND_APPROVAL_LIMIT = Decimal("50.00")
    settings.REFUND_DAILY_LIMIT_PER_PERSON = Decimal("100.00")


@pytest.fixture
def sim(
    sandbox: SandboxProcess, proxy: RecordingProxy, traceback_log: TracebackLog
) -> Iterator[Simulation]:
    """An empty shop and an empty sandbox."""
    sim = Simulation(sandbox, proxy, traceback_log)
    yield sim
    sim.close()
