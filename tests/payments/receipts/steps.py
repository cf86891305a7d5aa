"""Steps of the tests of receipts that are submitted to SEQR."""

import base64
import re
from datetime import timedelta

from orders.clock import database_now
from payments.models import Invoice
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.steps import reloaded
from tests.sandbox_process import SandboxProcess


def answer_receipts(proxy: FaultProxy, code: int) -> None:
    """Make SEQR answer receipts with this code."""
    proxy.rewrite = lambda answer: re.sub(
        r"(submitPaymentReceiptResponse.*<resultCode>)\d+", rf"\g<1>{code}", answer, flags=re.DOTALL
    )


def end_pause(invoice: Invoice) -> None:
    """End the pause before the next attempt."""
    Invoice.objects.filter(pk=invoice.pk).update(
        receipt_lease_until=database_now() - timedelta(seconds=1)
    )


def remaining_pause(invoice: Invoice) -> float:
    """Return the seconds until the next attempt."""
    until = reloaded(invoice).receipt_lease_until
    assert until is not None
    return (until - database_now()).total_seconds()


def is_due(invoice: Invoice) -> bool:
    return find_work().receipts_to_submit == [[invoice.pk]]


def documents(sandbox: SandboxProcess) -> list[str]:
    """Return the receipts that SEQR has received, as HTML."""
    requests = [call["request"] for call in sandbox.calls("submitPaymentReceipt")]
    found = [re.search(r"<receiptData>(.*?)</receiptData>", text, re.DOTALL) for text in requests]
    return [base64.b64decode(each[1]).decode() for each in found if each]
