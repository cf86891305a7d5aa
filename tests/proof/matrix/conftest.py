"""SEQR behind a door, struck by the test's fault; the tasks do their work at once."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from pytest_django import Settings

from payments.gateway import seqr, status_calls
from payments.seqr import BulkStatusClient
from seqrshop.celery import app
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.proof.matrix.faults import Fault
from tests.proof.matrix.scenario import World
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def _tasks_at_once() -> Iterator[None]:
    """What is enqueued is done there and then, each task with the errors that it lets through."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture
def world(fault: Fault, sandbox: SandboxProcess, settings: Settings) -> Iterator[World]:
    """SEQR and everything around it, with the one fault of this test."""
    proxy = FaultProxy(sandbox.port)
    with proxy if fault.is_in_proxy else nullcontext():
        yield World(fault, sandbox, proxy, settings)
    seqr.cache_clear()


@pytest.fixture
def shard(settings: Settings) -> Iterator[Callable[[], Shard]]:
    """Make the only shard, in a world whose settings are as they are to be."""
    settings.SEQR_POLL_SHARDS = 1
    made: list[BulkStatusClient] = []

    def make() -> Shard:
        calls = status_calls(MAX_IN_FLIGHT)
        made.append(calls)
        return Shard(calls)

    yield make
    for calls in made:
        calls.close()
