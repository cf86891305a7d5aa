"""Forcing an invoice into any shape, so that a shop can be shown what SEQR should never answer."""

from dataclasses import replace

from payments.sandbox.control.scenario_input import Wanted
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.models import Invoice, Status


def force(state: SeqrSimulator, invoice: Invoice, wanted: Wanted) -> Invoice:
    """The invoice as wanted. A status that SEQR knows is taken up as if it had come by itself.

    The version grows with a new status, unless a version is wanted. Nobody is notified.
    """
    changed = replace(
        invoice,
        forced=wanted.forced,
        ers_reference=wanted.ers_reference or invoice.ers_reference,
    )
    if wanted.status is not None and wanted.status != invoice.status:
        changed = changed.moved(wanted.status)
    if changed.status is Status.PAID and changed.paid_at is None:
        changed = replace(
            changed,
            paid_at=state.now(),
            ers_reference=changed.ers_reference or state.next_ers_reference(),
        )
    if changed.status is Status.RESERVED and changed.reserved_amount is None:
        changed = replace(changed, reserved_amount=changed.amount)
    if wanted.version is not None:
        changed = replace(changed, version=wanted.version)
    state.save(changed)
    return changed
