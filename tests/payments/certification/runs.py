"""Runs certifications against the sandbox without waiting, and plants faults at their steps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.core.management.color import no_style

from payments.certification.certify import run_steps
from payments.certification.customer import Customer, Pauses
from payments.certification.progress import Progress
from payments.certification.screen import Screen
from payments.certification.start import Options, open_progress, open_session
from payments.certification.state_file import StateFile
from payments.certification.steps import STEPS
from tests.sandbox_process import SandboxProcess

Plant = Callable[[SandboxProcess, Progress], object]


class SandboxPauses:
    """Advances the sandbox's clock instead of waiting. Nobody presses Enter.

    A second makes no difference to the sandbox, and is not worth a call.
    """

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.slept = 0.0
        self._sandbox = sandbox

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if seconds > 1:
            self._sandbox.advance(seconds)

    def enter_pressed(self, seconds: float, /) -> bool:
        self.sleep(seconds)
        return False


class PlantingScreen(Screen):
    """Shows everything in `text`, and plants a fault as soon as a step starts."""

    def __init__(
        self,
        sandbox: SandboxProcess,
        at: str = "",
        plant: Plant | None = None,
        window: io.StringIO | None = None,
    ) -> None:
        self.progress: Progress | None = None
        self._written = window or io.StringIO()
        self._sandbox = sandbox
        self._at, self._plant = at, plant
        super().__init__(OutputWrapper(self._written), no_style(), "seqr://SEQR.SE/")

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return self._written.getvalue()

    def step_started(self, number: int, count: int, title: str, requirement: str) -> None:
        super().step_started(number, count, title, requirement)
        if self._plant is not None and STEPS[number - 1].key == self._at:
            assert self.progress is not None
            self._plant(self._sandbox, self.progress)


def options(folder: Path, **changed: Any) -> Options:
    """Return the options of a rehearsal in this folder."""
    given: dict[str, Any] = {
        "folder": folder,
        "is_resumed": False,
        "is_sandbox": True,
        "closes_live_period": False,
        "company": "",
        "terminal": "",
        "amount": None,
        "currency": "",
        "scan_seconds": 5,
    }
    return Options(**{**given, **changed})


def certify(
    chosen: Options,
    screen: PlantingScreen,
    sandbox: SandboxProcess,
    *,
    pauses: Pauses | None = None,
    customer: Customer | None = None,
) -> Progress:
    """Run the steps that have not passed, as the command does; return the progress."""
    state_file = StateFile(chosen.folder)
    with state_file.locked():
        progress = screen.progress = open_progress(state_file, chosen)
        waits = pauses or SandboxPauses(sandbox)
        session = open_session(state_file, progress, chosen, screen, waits)
        session.customer = customer or session.customer
        run_steps(session)
    return progress


def latest(sandbox: SandboxProcess) -> str:
    """Return the reference of the latest invoice."""
    return str(sandbox.invoices()[-1]["invoice_reference"])


def force(sandbox: SandboxProcess, **state: object) -> None:
    """Force the latest invoice into a state."""
    sandbox.control("PUT", f"/invoices/{latest(sandbox)}", state)
