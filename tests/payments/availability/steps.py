"""Steps of the tests about payment pauses."""

from orders.models import AuditEvent, SubjectType
from payments.models import MoneyCase
from tests.sandbox_process import SandboxProcess


def reject(sandbox: SandboxProcess, operation: str, code: int = 20) -> None:
    """Make SEQR reject our configuration in an operation."""
    sandbox.fault(operation, "result_code", code=code)


def event_names(case: MoneyCase) -> list[str]:
    """Return the names of a case's events, in order."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.CASE, subject_id=case.pk)
    return list(events.values_list("name", flat=True))
