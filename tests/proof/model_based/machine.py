"""The whole lifecycle as a machine: anybody does anything at any time, and the promises hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from payments.seqr import SeqrError
from tests.proof.model_based.actions import ACTS
from tests.proof.model_based.fault_injection import killed_at, killed_once
from tests.proof.model_based.invariants import Broken, Watch
from tests.proof.model_based.ledgers import read_books
from tests.proof.model_based.quiesce import come_to_rest
from tests.proof.model_based.simulation import World
from tests.proof.model_based.trace import last_event, tell
from tests.races import run_concurrently


class Step(NamedTuple):
    """Somebody does something: by its name in ACTS."""

    do: str
    who: int = 0
    which: int = 0


def _steps(*names: str) -> st.SearchStrategy[Step]:
    return st.builds(
        Step, do=st.sampled_from(names), who=st.integers(0, 1), which=st.integers(0, 2)
    )


def _some(*names: str) -> st.SearchStrategy[list[Step]]:
    return st.lists(_steps(*names), min_size=1, max_size=3)


def _named(*actors: str) -> tuple[str, ...]:
    return tuple(name for name in ACTS if name.split()[0] in actors)


CUSTOMERS = (*_named("customer"), "customer orders", "customer looks", "customer cancels")
APPS = (*_named("app"), "app pays", "app pays")
SEQRS = ("seqr notifies", "seqr notifies", "a notification is forged")
SHOPS = (*_named("worker", "poller"), "worker sends", "worker sweeps", "poller asks")
STAFF = (*_named("staff"), "staff refunds")
TALKING = (  # what has SEQR called
    *_named("worker"),
    "poller asks",
    "poller goes round",
    "customer cancels",
    "staff asks",
    "staff cancels",
)
LEASED = ("worker sends", "worker sends a refund", "worker submits a receipt")
WRITING = (*CUSTOMERS, *SHOPS, *STAFF)
ANYBODY = (*CUSTOMERS, *APPS, *SEQRS, *SHOPS, *STAFF)

BEGINNINGS = {
    "nothing": (),
    "ordered": (Step("customer orders"),),
    "issued": (Step("customer orders"), Step("worker sends"), Step("customer looks")),
}
BEGINNINGS["paid at SEQR"] = (*BEGINNINGS["issued"], Step("app pays"))
BEGINNINGS["taken back unseen"] = (*BEGINNINGS["paid at SEQR"], Step("nobody asks"))
BEGINNINGS["paid"] = (*BEGINNINGS["paid at SEQR"], Step("seqr notifies"))
BEGINNINGS["refund asked for"] = (*BEGINNINGS["paid"], Step("staff refunds", which=1))
BEGINNINGS["two bills"] = (
    *BEGINNINGS["issued"],
    Step("customer cancels"),
    Step("customer pays again"),
    Step("worker sends"),
    Step("customer looks"),
)
BEGINNINGS["two payments"] = (
    *BEGINNINGS["two bills"],
    Step("app pays"),
    Step("seqr finds a payment"),
)

BEGINNINGS["a payment found"] = (*BEGINNINGS["two bills"], Step("seqr finds a payment"))

OPERATIONS = (
    "sendInvoice",
    "getPaymentStatus",
    "cancelInvoice",
    "refundPayment",
    "submitPaymentReceipt",
    "getClientSessionInfo",
)
FAULTS = (
    {"kind": "refuse"},
    {"kind": "drop"},
    {"kind": "http_status", "takes_effect": True},
    {"kind": "http_status", "takes_effect": False},
    {"kind": "soap_fault", "takes_effect": True},
    {"kind": "empty", "takes_effect": True},
    {"kind": "html", "takes_effect": False},
    {"kind": "garbage", "takes_effect": True},
    {"kind": "result_code", "code": 90},
    {"kind": "result_code", "code": 93},
    {"kind": "result_code", "code": 94},
    {"kind": "result_code", "code": 20},
)
PAUSES = (1, 3, 6, 16, 16, 21, 21, 31, 61, 610)


class Lifecycle(RuleBasedStateMachine):
    """One run, in a world whose books are empty."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.watch = Watch(self.world)
        self.is_whole = True
        self.has_held = False

    @initialize(beginning=st.sampled_from(list(BEGINNINGS)))
    def begins(self, beginning: str) -> None:
        """So far has it come."""
        with self._looked_at():
            for step in BEGINNINGS[beginning]:
                self._do(step)

    @rule(step=_steps(*CUSTOMERS))
    def customer(self, step: Step) -> None:
        """A customer does something."""
        with self._looked_at():
            self._do(step)

    @rule(step=_steps(*APPS, *SEQRS))
    def app(self, step: Step) -> None:
        """The app does something, or SEQR calls."""
        with self._looked_at():
            self._do(step)

    @rule(step=_steps(*SHOPS))
    def shop(self, step: Step) -> None:
        """A worker or a poller does something."""
        with self._looked_at():
            self._do(step)

    @rule(step=_steps(*STAFF))
    def staff(self, step: Step) -> None:
        """One of the staff does something."""
        with self._looked_at():
            self._do(step)

    @rule(step=_steps("seqr takes a payment back", "seqr finds a payment"))
    def seqr(self, step: Step) -> None:
        """SEQR contradicts itself."""
        with self._looked_at():
            self._do(step)

    @rule(seconds=st.sampled_from(PAUSES))
    def time_passes(self, seconds: int) -> None:
        """Nobody does anything, the pollers neither."""
        with self._looked_at():
            self.world.pass_time(seconds)

    @rule(operation=st.sampled_from(OPERATIONS), fault=st.sampled_from(FAULTS))
    def goes_wrong(self, operation: str, fault: dict[str, object]) -> None:
        """The next call of this operation goes wrong."""
        self.world.sandbox.fault(operation, count=1, **fault)  # type: ignore[arg-type]

    @rule(step=_steps(*TALKING))
    def hears_nothing(self, step: Step) -> None:
        """No answer of SEQR's arrives at this step."""
        with self._looked_at():
            self.world.proxy.lose_answers = True
            self._do(step)

    @rule(step=_steps(*WRITING), statement=st.integers(0, 24))
    def is_killed(self, step: Step, statement: int) -> None:
        """The process is killed before that statement of this step."""
        with self._looked_at():
            with killed_at(statement):
                self._do(step)
            if step.do.startswith("poller"):
                self.world.restart_poller(step.who)

    @rule(step=_steps(*2 * LEASED, "staff asks", "customer cancels", "poller goes round"))
    def dies_before_it_writes(self, step: Step) -> None:
        """SEQR has heard a call of this step, and the process is killed with the answer in hand."""
        with self._looked_at():
            is_heard = threading.Event()
            self.world.proxy.once_before_answer(is_heard.set)
            with killed_once(is_heard.is_set):
                self._do(step)
            if step.do.startswith("poller"):
                self.world.restart_poller(step.who)

    @rule(step=_steps(*TALKING), others=_some(*ANYBODY), seconds=st.sampled_from((0, 0, 16)))
    def before_seqr_hears(self, step: Step, others: list[Step], seconds: int) -> None:
        """The step's call is held up on its way; others are done meanwhile."""
        with self._looked_at():
            self.world.proxy.once_before_forward(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(step=_steps(*TALKING), others=_some(*ANYBODY), seconds=st.sampled_from((0, 0, 16)))
    def before_we_hear(self, step: Step, others: list[Step], seconds: int) -> None:
        """SEQR's answer is held up on its way; others are done meanwhile."""
        with self._looked_at():
            self.world.proxy.once_before_answer(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(step=_steps(*TALKING), change=_steps(*APPS), other=_steps(*TALKING))
    def is_overtaken(self, step: Step, change: Step, other: Step) -> None:
        """While an answer is held up, SEQR changes its mind and tells somebody else."""
        with self._looked_at():
            self.world.proxy.once_before_answer(lambda: self._meanwhile([change, other], 0))
            self._do(step)

    @rule(
        step=_steps(*LEASED),
        other=_steps(*STAFF, *4 * ("staff settles a refund",), "customer looks"),
        arrives=st.booleans(),
        seconds=st.sampled_from((0, 16)),
    )
    def is_done_twice(self, step: Step, other: Step, arrives: bool, seconds: int) -> None:
        """While a call is held up, or its answer, the same is begun again, and others find it so.

        After 16 seconds nobody has to wait for the first any more.
        """
        others = [step, Step("worker sweeps"), other]
        with self._looked_at():
            proxy = self.world.proxy
            once = proxy.once_before_answer if arrives else proxy.once_before_forward
            once(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(step=_steps(*WRITING, *SEQRS), other=_steps(*WRITING, *SEQRS))
    def run_concurrently(self, step: Step, other: Step) -> None:
        """Two do something at the same moment; a poller is one thread."""
        if step.do.startswith("poller") and other.do.startswith("poller"):
            other = other._replace(who=1 - step.who)
        with self._looked_at():
            steps = [step, other]
            run_concurrently(2, lambda: self._do(steps.pop()))

    def teardown(self) -> None:
        """Let all come to rest, unless the run has ended already by what it found."""
        try:
            if self.is_whole:
                self.world.steps.append((last_event(), "all come to rest"))
                come_to_rest(self.world, self.watch)
                self.has_held = True
        finally:
            if not self.has_held:
                tell(self.world)
            self.world.close()

    def _do(self, step: Step) -> None:
        self.world.steps.append((last_event(), f"{step.do} (who {step.who}, which {step.which})"))
        with suppress(SeqrError):
            ACTS[step.do](self.world, step.who, step.which)

    def _meanwhile(self, others: list[Step], seconds: int) -> None:
        if seconds:
            self.world.pass_time(seconds)
        for other in others:
            self._do(other)

    @contextmanager
    def _looked_at(self) -> Iterator[None]:
        """End the mishaps after the step, then see whether the promises hold."""
        self.is_whole = False
        yield
        self.world.proxy.clear_faults()
        if self.world.proxy.hook_errors:
            raise Broken("meanwhile something went wrong") from self.world.proxy.hook_errors[0]
        self.watch.look(read_books(self.world))
        self.is_whole = True
