"""The state machine: actors act in any order, and the invariants hold after every step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrError
from tests.proof.model_based.actions import ACTIONS
from tests.proof.model_based.fault_injection import (
    answer_about,
    answer_contradicting,
    kill_at_statement,
    kill_when,
)
from tests.proof.model_based.invariants import InvariantChecker, InvariantViolation
from tests.proof.model_based.ledgers import read_ledgers
from tests.proof.model_based.quiesce import quiesce
from tests.proof.model_based.simulation import Simulation, pick
from tests.proof.model_based.terminal_actions import TERMINAL_ACTIONS
from tests.proof.model_based.trace import last_event_id, print_trace
from tests.races import run_concurrently


@dataclass(frozen=True)
class Step:
    """One action, by its name in ACTIONS."""

    action: str
    actor: int = 0
    index: int = 0


def _one_of(*names: str) -> st.SearchStrategy[Step]:
    return st.builds(
        Step, action=st.sampled_from(names), actor=st.integers(0, 1), index=st.integers(0, 2)
    )


def _several_of(*names: str) -> st.SearchStrategy[list[Step]]:
    return st.lists(_one_of(*names), min_size=1, max_size=3)


def _actions_of(*actors: str) -> tuple[str, ...]:
    return tuple(name for name in ACTIONS if name.split()[0] in actors)


CUSTOMERS = (
    *_actions_of("customer"),
    "customer orders",
    "customer views order",
    "customer cancels",
)
APPS = (*_actions_of("app"), "app pays", "app pays")
SEQRS = ("seqr notifies", "seqr notifies", "a forged notification arrives")
SHOPS = (*_actions_of("worker", "poller"), "worker sends", "worker recovers", "poller queries")
STAFF = (*_actions_of("staff"), "staff requests refund", "staff refunds rows")
TERMINALS = (*TERMINAL_ACTIONS, "staff replaces terminal", "staff corrects password")
CALLING_SEQR = (  # actions that call SEQR
    *_actions_of("worker"),
    "poller queries",
    "poller runs round",
    "customer cancels",
    "staff checks with SEQR",
    "staff cancels",
)
REFUNDING = (
    "staff refunds rows in another tab",
    "staff requests refund",
    "staff resends form",
    "staff approves",
    "staff declines",
    "staff withdraws",
    "staff resolves refund",
    "worker sends refund",
    "worker sends refund",
    "seqr refuses a refund",
    "seqr reverses payment",
    "seqr notifies",
)
LEASED = ("worker sends", "worker sends refund", "worker submits receipt")
WRITING = (*CUSTOMERS, *SHOPS, *STAFF)
ANY_ACTION = (*CUSTOMERS, *APPS, *SEQRS, *SHOPS, *STAFF)

SETUPS = {
    "nothing": (),
    "ordered": (Step("customer orders"),),
    "issued": (Step("customer orders"), Step("worker sends"), Step("customer views order")),
}
SETUPS["paid at SEQR"] = (*SETUPS["issued"], Step("app pays"))
SETUPS["reversed unseen"] = (*SETUPS["paid at SEQR"], Step("nobody polls"))
SETUPS["paid"] = (*SETUPS["paid at SEQR"], Step("seqr notifies"))
SETUPS["refund requested"] = (*SETUPS["paid"], Step("staff requests refund", index=1))
SETUPS["row refund requested"] = (
    Step("customer orders", index=1),
    *SETUPS["paid"][1:],
    Step("staff refunds rows"),
)
SETUPS["two invoices"] = (
    *SETUPS["issued"],
    Step("customer cancels"),
    Step("customer retries payment"),
    Step("worker sends"),
    Step("customer views order"),
)
SETUPS["two payments"] = (
    *SETUPS["two invoices"],
    Step("app pays"),
    Step("seqr reports late payment"),
)
SETUPS["terminal replaced"] = (*SETUPS["issued"], Step("staff replaces terminal"))
SETUPS["paid, then replaced"] = (*SETUPS["paid at SEQR"], Step("staff replaces terminal"))
SETUPS["password wrong"] = (*SETUPS["issued"], Step("seqr changes password"), Step("app pays"))
SETUPS["late payment"] = (*SETUPS["two invoices"], Step("seqr reports late payment"))

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
PAUSES_SECONDS = (1, 3, 6, 16, 16, 21, 21, 31, 61, 610)


class PaymentMachine(RuleBasedStateMachine):
    """One run, which begins with an empty shop."""

    def __init__(self, sim: Simulation) -> None:
        super().__init__()
        self.sim = sim
        self.checker = InvariantChecker(self.sim)
        self.is_consistent = True
        self.has_passed = False

    @initialize(setup=st.sampled_from(list(SETUPS)), shop=st.sampled_from((0, 0, 1)))
    def set_up(self, setup: str, shop: int) -> None:
        """Bring one order into a state that random steps seldom reach."""
        with self._checked():
            for step in SETUPS[setup]:
                takes_shop = step == Step("customer orders")
                self._do(replace(step, index=shop) if takes_shop else step)

    @rule(step=_one_of(*CUSTOMERS))
    def customer_acts(self, step: Step) -> None:
        """A customer acts."""
        with self._checked():
            self._do(step)

    @rule(step=_one_of(*APPS, *SEQRS))
    def app_acts(self, step: Step) -> None:
        """The SEQR app acts, or SEQR notifies the shop."""
        with self._checked():
            self._do(step)

    @rule(step=_one_of(*SHOPS))
    def shop_works(self, step: Step) -> None:
        """A worker or a poller runs."""
        with self._checked():
            self._do(step)

    @rule(step=_one_of(*STAFF))
    def staff_acts(self, step: Step) -> None:
        """A staff member acts."""
        with self._checked():
            self._do(step)

    @rule(steps=st.lists(_one_of(*3 * ("staff refunds rows",), *REFUNDING), min_size=2, max_size=5))
    def units_are_refunded(self, steps: list[Step]) -> None:
        """Staff refund units and amounts; some are refused, withdrawn, sent or reversed between."""
        for step in steps:
            with self._checked():
                self._do(step)

    @rule(step=_one_of("seqr reverses payment", "seqr reports late payment"))
    def seqr_contradicts(self, step: Step) -> None:
        """SEQR contradicts a status that it has reported."""
        with self._checked():
            self._do(step)

    @rule(step=_one_of(*TERMINALS))
    def terminal_changes(self, step: Step) -> None:
        """A terminal is replaced or retired, or its password is changed or corrected."""
        with self._checked():
            self._do(step)

    @rule(seconds=st.sampled_from(PAUSES_SECONDS))
    def time_passes(self, seconds: int) -> None:
        """Time passes, and nothing runs."""
        with self._checked():
            self.sim.pass_time(seconds)

    @rule(operation=st.sampled_from(OPERATIONS), fault=st.sampled_from(FAULTS))
    def fault_is_injected(self, operation: str, fault: dict[str, object]) -> None:
        """The next call of an operation fails."""
        self.sim.sandbox.fault(operation, count=1, **fault)  # type: ignore[arg-type]

    @rule(step=_one_of(*CALLING_SEQR))
    def answers_are_lost(self, step: Step) -> None:
        """SEQR's answers to a step are lost."""
        with self._checked():
            self.sim.proxy.lose_answers = True
            self._do(step)

    @rule(step=_one_of(*WRITING), statement=st.integers(0, 24))
    def killed_at_statement(self, step: Step, statement: int) -> None:
        """The process is killed before a database statement of a step."""
        with self._checked():
            with kill_at_statement(statement):
                self._do(step)
            if step.action.startswith("poller"):
                self.sim.restart_poller(step.actor)

    @rule(
        step=_one_of(*2 * LEASED, "staff checks with SEQR", "customer cancels", "poller runs round")
    )
    def killed_before_writing_answer(self, step: Step) -> None:
        """The process is killed between SEQR's answer and the next database statement."""
        with self._checked():
            is_answered = threading.Event()
            self.sim.proxy.once_before_answer(is_answered.set)
            with kill_when(is_answered.is_set):
                self._do(step)
            if step.action.startswith("poller"):
                self.sim.restart_poller(step.actor)

    @rule(
        step=_one_of(*CALLING_SEQR),
        others=_several_of(*ANY_ACTION),
        seconds=st.sampled_from((0, 0, 16)),
    )
    def call_is_delayed(self, step: Step, others: list[Step], seconds: int) -> None:
        """The call of a step is delayed on its way to SEQR, while other steps run."""
        with self._checked():
            self.sim.proxy.once_before_forward(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(
        step=_one_of(*CALLING_SEQR),
        others=_several_of(*ANY_ACTION),
        seconds=st.sampled_from((0, 0, 16)),
    )
    def answer_is_delayed(self, step: Step, others: list[Step], seconds: int) -> None:
        """SEQR's answer to a step is delayed, while other steps run."""
        with self._checked():
            self.sim.proxy.once_before_answer(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(step=_one_of(*CALLING_SEQR), change=_one_of(*APPS), other=_one_of(*CALLING_SEQR))
    def answer_is_overtaken(self, step: Step, change: Step, other: Step) -> None:
        """SEQR's answer is delayed; the status changes, and a later answer arrives first."""
        with self._checked():
            self.sim.proxy.once_before_answer(lambda: self._meanwhile([change, other], 0))
            self._do(step)

    @rule(step=_one_of(*CALLING_SEQR), index=st.integers(0, 2))
    def answers_are_about_another_invoice(self, step: Step, index: int) -> None:
        """SEQR's answers PAID to a step carry the references of another invoice."""
        with self._checked():
            self.sim.proxy.rewrite = answer_about(pick(self.sim.sandbox.invoices(), index))
            self._do(step)

    @rule(step=_one_of(*CALLING_SEQR), status=st.sampled_from(("ISSUED", "RESERVED", "HALF_PAID")))
    def answers_contradict_payment(self, step: Step, status: str) -> None:
        """SEQR answers otherwise about the payments that it has confirmed."""
        with self._checked():
            paid = Invoice.objects.filter(status=InvoiceStatus.PAID)
            references = set(paid.values_list("invoice_reference", flat=True))
            self.sim.proxy.rewrite = answer_contradicting(references, status)
            self._do(step)

    @rule(
        step=_one_of(*LEASED),
        other=_one_of(*STAFF, *4 * ("staff resolves refund",), "customer views order"),
        arrives=st.booleans(),
        seconds=st.sampled_from((0, 16)),
    )
    def step_runs_twice(self, step: Step, other: Step, arrives: bool, seconds: int) -> None:
        """A step is repeated while its call or its answer is delayed.

        After 16 seconds the lease of the first has ended.
        """
        others = [step, Step("worker recovers"), other]
        with self._checked():
            proxy = self.sim.proxy
            once = proxy.once_before_answer if arrives else proxy.once_before_forward
            once(lambda: self._meanwhile(others, seconds))
            self._do(step)

    @rule(step=_one_of(*WRITING, *SEQRS), other=_one_of(*WRITING, *SEQRS))
    def two_steps_at_once(self, step: Step, other: Step) -> None:
        """Two steps run at the same moment. A poller is one thread, so it runs only one."""
        if step.action.startswith("poller") and other.action.startswith("poller"):
            other = replace(other, actor=1 - step.actor)
        with self._checked():
            steps = [step, other]
            run_concurrently(2, lambda: self._do(steps.pop()))

    def teardown(self) -> None:
        """Let the system become quiescent, unless the run has failed; print a failed run."""
        try:
            if self.is_consistent:
                self.sim.steps.append((last_event_id(), "quiesce"))
                quiesce(self.sim, self.checker)
                self.has_passed = True
        finally:
            if not self.has_passed:
                print_trace(self.sim)
            self.sim.close()

    def _do(self, step: Step) -> None:
        self.sim.steps.append(
            (last_event_id(), f"{step.action} (actor {step.actor}, index {step.index})")
        )
        with suppress(SeqrError):
            ACTIONS[step.action](self.sim, step.actor, step.index)

    def _meanwhile(self, others: list[Step], seconds: int) -> None:
        if seconds:
            self.sim.pass_time(seconds)
        for other in others:
            self._do(other)

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Clear the faults after a step, then check the invariants."""
        self.is_consistent = False
        yield
        self.sim.proxy.clear_faults()
        if self.sim.proxy.hook_errors:
            raise InvariantViolation("a concurrent step failed") from self.sim.proxy.hook_errors[0]
        self.checker.check(read_ledgers(self.sim))
        self.is_consistent = True
