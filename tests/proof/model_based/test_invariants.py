"""Orders and payments, whatever anybody does in whatever order. See docs/proof.md."""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.model_based.machine import Lifecycle
from tests.proof.model_based.plan import RUNS, SEED, SEEDS, STEPS
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.proof.model_based.simulation import Slips, World
from tests.sandbox_process import SandboxProcess


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(SEED, SEED + SEEDS))
def test_whatever_happens_in_whatever_order_the_promises_hold(
    sandbox: SandboxProcess, proxy: RecordingProxy, slips: Slips, number: int
) -> None:
    phases = [Phase.generate]
    if "SHRINK" in os.environ:
        phases.append(Phase.shrink)

    def machine() -> Lifecycle:
        return Lifecycle(World(sandbox, proxy, slips))

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
