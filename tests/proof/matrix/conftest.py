"""SEQR with the test's fault; tasks run eagerly."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from pytest_django import Settings

from payments.gateway import forget_connections, status_calls
from payments.seqr import BulkStatusClient
from seqrshop.celery import app
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.proof.matrix.faults import Fault
from tests.proof.matrix.scenario import Scenario
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def _eager_tasks() -> Iterator[None]:
    """Run each task when it is enqueued; let its errors propagate."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture
def scenario(fault: Fault, sandbox: SandboxProcess, settings: Settings) -> Iterator[Scenario]:
    """The sandbox, with the one fault of this test."""
    proxy = FaultProxy(sandbox.port)
    with proxy if fault.is_in_proxy else nullcontext():
        yield Scenario(fault, sandbox, proxy, settings)
    forget_connections()


@pytest.fixture
def shard(settings: Settings) -> Iterator[Callable[[], Shard]]:
    """Return a factory of the only shard, to be called once the settings are final."""
    settings.SEQR_POLL_SHARDS = 1
    made: list[BulkStatusClient] = []

    def make() -> Shard:
        calls = status_calls(MAX_IN_FLIGHT)
        made.append(calls)
        return Shard(calls)

    yield make
    for calls in made:
        calls.close()
