"""Model-based test of orders and payments; docs/proof.md describes it."""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.model_based.machine import PaymentMachine
from tests.proof.model_based.plan import RUNS, SEED, SEEDS, STEPS
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.proof.model_based.simulation import Simulation, TracebackLog
from tests.races import deadlock_count
from tests.sandbox_process import SandboxProcess


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(SEED, SEED + SEEDS))
def test_invariants_hold_whatever_the_order_of_steps(
    sandbox: SandboxProcess, proxy: RecordingProxy, traceback_log: TracebackLog, number: int
) -> None:
    deadlocks = deadlock_count()
    phases = [Phase.generate]
    if "SHRINK" in os.environ:
        phases.append(Phase.shrink)

    def machine() -> PaymentMachine:
        return PaymentMachine(Simulation(sandbox, proxy, traceback_log))

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
    assert deadlock_count() == deadlocks
