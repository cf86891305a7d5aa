"""SEQR that goes wrong and is well again, and the time that passes meanwhile."""

from collections.abc import Callable
from datetime import timedelta

from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent, Order, SourceName, SubjectType
from payments import tasks
from payments.gateway import seqr
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, MoneyCase
from payments.polling.shards import invoices_to_poll
from payments.seqr import SeqrError
from seqrshop.storefront.messages import state_texts
from tests.fault_proxy import FaultProxy, use_seqr_at
from tests.payments.reconciliation.steps import advance_time
from tests.proof.matrix.faults import Fault
from tests.sandbox_process import SandboxProcess

IMPATIENT_SECONDS = 0.3
BY_POLLER = ChangeSource(SourceName.POLLER)


class World:
    """SEQR behind a door, and one fault that is to strike."""

    def __init__(
        self, fault: Fault, sandbox: SandboxProcess, proxy: FaultProxy, settings: Settings
    ) -> None:
        self.fault = fault
        self.sandbox = sandbox
        self._proxy = proxy
        self._settings = settings
        self._patience = settings.SEQR_TIMEOUT_SECONDS
        self._struck = 0
        if fault.is_in_proxy:
            use_seqr_at(settings, proxy.address)

    def strike(self, operation: str, *, after: str = "") -> None:
        """Let the fault strike this operation from now on.

        Where it follows on another one, `after` names that: the door is shut in between.
        """
        fault = self.fault
        if fault.is_slow:
            self.wait_for_answers(IMPATIENT_SECONDS)
        if not fault.is_in_proxy:
            self.sandbox.fault(operation, fault.kind, **fault.parameters)
        elif fault.kind == "swallow":
            self._proxy.swallow = operation
        else:
            self._proxy.close(ignore=fault.kind == "ignore", after=after)

    def clear_faults(self) -> None:
        """Let SEQR be well again."""
        self._struck += self._striking()
        self.sandbox.clear_faults()
        if self.fault.is_in_proxy:
            self._proxy.open()
        if self.fault.is_slow:
            self.wait_for_answers(self._patience)

    def wait_for_answers(self, seconds: float) -> None:
        """Let each call that is made from now on last so long at most."""
        self._settings.SEQR_TIMEOUT_SECONDS = seconds
        seqr.cache_clear()

    def left(self) -> int:
        """Return how many calls have left us and met the fault."""
        return self._struck + self._striking() + self._proxy.swallowed

    def _striking(self) -> int:
        return sum(int(fault["applied"]) for fault in self.sandbox.faults())

    def arrived(self, operation: str) -> int:
        """Return how many calls of an operation SEQR has answered as it should."""
        return sum(call["fault"] is None for call in self.sandbox.calls(operation))

    def go_on(self, seconds: float = 40) -> None:
        """Let time pass; then the sweep does what it finds, and open invoices are asked about."""
        advance_time(timedelta(seconds=seconds))
        tasks.run_recovery()
        ask_about_each()


def ask_about_each() -> None:
    """Do what a round of the poller does."""
    for invoice in invoices_to_poll():
        refresh_invoice(invoice.pk, BY_POLLER)


def customer_reads(invoice: Invoice) -> str:
    """Return what heads the customer's page about the order."""
    heading, _ = state_texts(Order.objects.get(pk=invoice.order_id), invoice)
    return heading


def cases() -> list[str]:
    """Return the kinds of the cases that are open."""
    return list(MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True))


def calls_in_the_audit(operation: str) -> int:
    """Return how many calls of an operation the audit tells of."""
    return AuditEvent.objects.filter(subject_type=SubjectType.CALL, name=operation).count()


def failures_in_the_audit(operation: str) -> int:
    """Return how many calls of an operation that went wrong the audit tells of."""
    return (
        AuditEvent.objects.filter(subject_type=SubjectType.CALL, name=operation)
        .exclude(detail="")
        .count()
    )


def failed_with(work: Callable[[], object]) -> SeqrError | None:
    """Do something, and return the gateway's error that it ended with, if it did."""
    try:
        work()
    except SeqrError as error:
        return error
    return None
