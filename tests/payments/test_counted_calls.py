"""Each call to SEQR is counted by operation, result code and terminal, with its duration."""

from __future__ import annotations

import pytest

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.credential_check import check_terminal
from payments.invoices.send import send_invoice
from payments.invoices.status_query import StatusQuery
from payments.models import Invoice, InvoiceStatus
from payments.polling.poller import OpenInvoice
from payments.seqr import (
    Credentials,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrUnavailable,
    code_label,
)
from payments.seqr.result_codes import ResultCode
from seqrshop.process_metrics.pending import PENDING
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import FakeStatusClient, Outcome, Shard, status
from tests.payments.polling.virtual_seqr import TERMINAL_ID
from tests.payments.steps import client_of, new_invoice, own_terminal, paid_invoice
from tests.process_metrics.samples import forget_counts, taken_counts
from tests.sandbox_process import SandboxProcess

STAFF = ChangeSource(SourceName.STAFF)
TERMINAL = "public_test_shop_terminal"
CALLS, SECONDS = "seqr_calls_total", "seqr_call_duration_seconds"
RECORDING = "seqrshop_payment_recording_seconds"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    forget_counts()


@pytest.mark.django_db
def test_answered_and_refused_calls_are_counted_by_their_codes(sandbox: SandboxProcess) -> None:
    send_invoice(new_invoice().pk)
    with pytest.raises(SeqrError):
        client_of(own_terminal()).cancel_invoice("404")

    assert taken_counts(CALLS) == {
        ("", "sendInvoice", "0", TERMINAL): 1,
        ("", "cancelInvoice", "54", TERMINAL): 1,
    }


@pytest.mark.django_db
def test_call_without_an_answer_is_counted_with_its_duration(seqr_proxy: FaultProxy) -> None:
    seqr_proxy.close()
    with pytest.raises(SeqrError):
        client_of(own_terminal()).cancel_invoice("404")

    counts = PENDING.take()
    assert counts[CALLS, "", "cancelInvoice", "none", TERMINAL] == 1
    assert counts[SECONDS, "0.01", "cancelInvoice"] == 1


@pytest.mark.django_db
def test_terminal_that_is_only_being_entered_has_no_label_of_its_own(
    sandbox: SandboxProcess,
) -> None:
    check_terminal("whatever somebody types", "secret", STAFF)

    assert taken_counts(CALLS) == {("", "getPaymentStatus", "37", "other"): 1}


def test_codes_that_seqr_does_not_document_share_a_label() -> None:
    assert {code_label(code) for code in (-1, 3, 4711)} == {"other"}
    assert code_label(None) == "none"
    assert {code_label(code) for code in ResultCode} == {str(int(code)) for code in ResultCode}


def test_polls_are_counted_by_terminal_and_code() -> None:
    outcomes: dict[int, Outcome] = {
        1: status("ISSUED"),
        2: SeqrUnavailable("getPaymentStatus", "SEQR is busy", 93),
        3: SeqrOutcomeUnknown("getPaymentStatus", "no complete response in time"),
    }
    shard = Shard(FakeStatusClient(outcomes.__getitem__))
    shard.poller.set_credentials(TERMINAL_ID, Credentials("T1", "", "", "", ""))
    for key in outcomes:
        query = StatusQuery(key, TERMINAL_ID, f"ref-{key}", 0, InvoiceStatus.ISSUED, key)
        shard.poller.submit(OpenInvoice(query, 1000.0))

    for _ in range(2):
        shard.poller.step()
    shard.now += 1.0
    shard.poller.step()

    counts = PENDING.take()
    assert {key[2:]: count for key, count in counts.items() if key[0] == CALLS} == {
        ("getPaymentStatus", "0", "T1"): 1,
        ("getPaymentStatus", "93", "T1"): 1,
        ("getPaymentStatus", "none", "T1"): 1,
    }
    assert {key[1:]: count for key, count in counts.items() if key[0] == SECONDS} == {
        ("0.01", "getPaymentStatus"): 3,
        ("sum", "getPaymentStatus"): 30_000,
    }


@pytest.mark.django_db(transaction=True)
def test_time_from_payment_to_record_is_counted_once(sandbox: SandboxProcess) -> None:
    invoice = paid_invoice(sandbox)

    counts = taken_counts(RECORDING)

    assert Invoice.objects.get(pk=invoice.pk).paid_at_seqr is not None
    assert sum(count for (part,), count in counts.items() if part != "sum") == 1
    assert 0 <= counts[("sum",)] < 60_000_000
