"""Injects and clears a fault of SEQR's, and lets time pass."""

from collections.abc import Callable
from datetime import timedelta

from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent, Order, SourceName, SubjectType
from payments import tasks
from payments.gateway import forget_connections
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, MoneyCase
from payments.polling.shards import invoices_to_poll
from payments.seqr import SeqrError
from seqrshop.storefront.messages import state_texts
from tests.fault_proxy import FaultProxy, use_seqr_at
from tests.payments.reconciliation.steps import advance_time
from tests.proof.matrix.faults import Fault
from tests.sandbox_process import SandboxProcess

SHORT_TIMEOUT_SECONDS = 0.5
BY_POLLER = ChangeSource(SourceName.POLLER)


class Scenario:
    """The sandbox, perhaps behind a proxy, and one fault."""

    def __init__(
        self, fault: Fault, sandbox: SandboxProcess, proxy: FaultProxy, settings: Settings
    ) -> None:
        self.fault = fault
        self.sandbox = sandbox
        self._proxy = proxy
        self._settings = settings
        self._timeout_seconds = settings.SEQR_TIMEOUT_SECONDS
        self._applied_before = 0
        if fault.is_in_proxy:
            use_seqr_at(settings, proxy.address)

    def inject(self, operation: str, *, after: str = "") -> None:
        """Let calls of an operation meet the fault from now on.

        A proxy that refuses connections does so only once the operation `after` was answered.
        """
        fault = self.fault
        if fault.is_slow:
            self.set_timeout(SHORT_TIMEOUT_SECONDS)
        if not fault.is_in_proxy:
            self.sandbox.fault(operation, fault.kind, **fault.parameters)
        elif fault.kind == "swallow":
            self._proxy.swallow = operation
        else:
            self._proxy.close(ignore=fault.kind == "ignore", after=after)

    def clear_faults(self) -> None:
        """Let SEQR work again, with the usual time-out."""
        self._applied_before += self._applied_now()
        self.sandbox.clear_faults()
        if self.fault.is_in_proxy:
            self._proxy.open()
        if self.fault.is_slow:
            self.set_timeout(self._timeout_seconds)

    def set_timeout(self, seconds: float) -> None:
        """Set the time-out of calls to SEQR, also of those for a report."""
        self._settings.SEQR_TIMEOUT_SECONDS = seconds
        self._settings.SEQR_REPORT_TIMEOUT_SECONDS = seconds
        forget_connections()

    def faulty_calls(self) -> int:
        """Return the number of calls that met the fault."""
        return self._applied_before + self._applied_now() + self._proxy.swallowed

    def _applied_now(self) -> int:
        return sum(int(fault["applied"]) for fault in self.sandbox.faults())

    def answered_calls(self, operation: str) -> int:
        """Return the number of calls of an operation that SEQR answered without a fault."""
        return sum(call["fault"] is None for call in self.sandbox.calls(operation))

    def recover_after(self, seconds: float = 40) -> None:
        """Let time pass, then run recovery and poll every open invoice."""
        advance_time(timedelta(seconds=seconds))
        tasks.run_recovery()
        poll_once()


def poll_once() -> None:
    """Query SEQR about each open invoice, as a round of the poller does."""
    for invoice in invoices_to_poll():
        refresh_invoice(invoice.pk, BY_POLLER)


def customer_heading(invoice: Invoice) -> str:
    """Return the heading of the customer's order page."""
    heading, _ = state_texts(Order.objects.get(pk=invoice.order_id), invoice)
    return heading


def open_cases() -> list[str]:
    """Return the kinds of the open cases."""
    return list(MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True))


def audited_calls(operation: str) -> int:
    """Return the number of audited calls of an operation."""
    return AuditEvent.objects.filter(subject_type=SubjectType.CALL, name=operation).count()


def audited_failures(operation: str) -> int:
    """Return the number of audited calls of an operation that failed."""
    return (
        AuditEvent.objects.filter(subject_type=SubjectType.CALL, name=operation)
        .exclude(detail="")
        .count()
    )


def error_of(work: Callable[[], object]) -> SeqrError | None:
    """Call `work`; return the gateway error that it raised, or None."""
    try:
        work()
    except SeqrError as error:
        return error
    return None
