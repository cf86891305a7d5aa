"""Refunds after a restore or a fail-over that lost transactions: none is sent a second time."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.audit_marker import check_marker, newest_event
from orders.clock import database_now
from orders.marker_stores import MARKER_KEY, AuditMarker, marker_stores
from orders.models import AuditEvent, SourceName
from payments import tasks
from payments.cases.cases import close_case
from payments.models import CaseKind, Invoice, MoneyCase, Refund, RefundHold, RefundStatus
from payments.recovery import find_work
from payments.refunds.hold import (
    SendingHeld,
    hold_refunds,
    mark_possibly_made,
    refunds_are_held,
    release_refunds,
    require_complete_database,
)
from payments.refunds.refund import resolve_unknown_refund
from payments.refunds.send import send_refund
from tests.database_backup import DatabaseBackup
from tests.fault_proxy import FaultProxy
from tests.payments.refunds.steps import (
    expire_refund_lease,
    open_case_kinds,
    refunded_at_seqr,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, paid_invoice
from tests.races import wait_for_lock_wait, with_own_connection
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess

S = RefundStatus
RESULT_SECONDS = 30
BY_OPERATOR = ChangeSource(SourceName.OPERATOR)
pytestmark = pytest.mark.django_db(transaction=True)


def lose_the_sending_of(refund: Refund) -> None:
    """Send a refund, then restore the database as it was before."""
    backup = DatabaseBackup.take()
    send_refund(refund.pk)
    assert status_of(refund) == S.REFUNDED
    backup.restore()
    assert status_of(refund) == S.CREATED


def send_held(refund: Refund) -> None:
    with pytest.raises(SendingHeld):
        send_refund(refund.pk)


def open_kinds() -> list[str]:
    return list(MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_refund_sent_before_a_restore_is_held_and_not_sent_again(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund
) -> None:
    lose_the_sending_of(refund)

    send_held(refund)
    for _ in range(2):
        expire_refund_lease()
        send_refund(refund.pk)

    assert (status_of(refund), open_kinds()) == (S.CREATED, [CaseKind.REFUNDS_HELD])
    assert refunded_at_seqr(sandbox, invoice) == refund.amount
    assert call_count(sandbox, "refundPayment") == 1
    assert find_work().refunds_to_send == []


def test_loss_is_found_after_new_events_have_the_ids_of_the_lost_ones(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund, clerk: User
) -> None:
    lose_the_sending_of(refund)
    marked = marker_stores()[0].read()
    assert marked is not None
    while AuditEvent.objects.latest("id").pk <= marked.event_id:
        requested_refund(invoice, "0.01", clerk)

    send_held(refund)

    assert call_count(sandbox, "refundPayment") == 1


def test_marker_has_the_sending_before_seqr_is_called(
    seqr_proxy: FaultProxy, refund: Refund
) -> None:
    marked: list[AuditMarker | None] = []
    seqr_proxy.before_forward = lambda: marked.append(marker_stores()[0].read())

    send_refund(refund.pk)

    event = AuditEvent.objects.get(name="refund_sending_started")
    assert [each and each.event_id for each in marked] == [event.pk]


def test_refund_is_held_when_another_process_finds_the_loss_after_its_lease(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxProcess, refund: Refund
) -> None:
    def find_the_loss_first(source: ChangeSource) -> None:
        tasks.check_audit_marker()
        require_complete_database(source)

    lose_the_sending_of(refund)
    monkeypatch.setattr("payments.refunds.send.require_complete_database", find_the_loss_first)

    send_held(refund)

    assert status_of(refund) == S.CREATED
    assert call_count(sandbox, "refundPayment") == 1


def test_refund_requested_after_a_restore_waits_for_the_end_of_the_hold(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund, clerk: User
) -> None:
    lose_the_sending_of(refund)
    tasks.check_audit_marker()

    later = requested_refund(invoice, "1.00", clerk)
    send_refund(later.pk)
    held = (status_of(later), call_count(sandbox, "refundPayment"))
    mark_possibly_made(refund.pk, by_staff(clerk), "SEQR's list has it")
    release_refunds(by_staff(clerk), "SEQR's list has no other one")
    send_refund(later.pk)

    assert held == (S.CREATED, 1)
    assert (status_of(refund), status_of(later)) == (S.UNKNOWN, S.REFUNDED)


def test_possibly_made_refund_is_resolved_as_refunded(
    sandbox: SandboxProcess, refund: Refund, clerk: User
) -> None:
    lose_the_sending_of(refund)
    tasks.check_audit_marker()

    marked = [mark_possibly_made(refund.pk, by_staff(clerk), "in SEQR's list") for _ in range(2)]
    kinds = open_case_kinds(refund)
    resolve_unknown_refund(
        refund.pk, by_staff(clerk), was_refunded=True, reason="SEQR's list", ers_reference="R9"
    )

    assert (marked, kinds) == ([True, False], [CaseKind.REFUND_UNKNOWN])
    assert (status_of(refund), open_case_kinds(refund)) == (S.REFUNDED, [])


def test_refund_that_is_not_on_hold_cannot_be_marked_as_possibly_made(
    refund: Refund, clerk: User
) -> None:
    assert not mark_possibly_made(refund.pk, by_staff(clerk), "a mistake")
    assert status_of(refund) == S.CREATED


def test_requested_refund_is_held_too_and_can_be_marked_as_possibly_made(
    settings: Settings, sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    requested = requested_refund(invoice, "10.00", clerk)
    call_command("hold_refunds")

    assert mark_possibly_made(requested.pk, by_staff(clerk), "SEQR's list has it")
    assert status_of(requested) == S.UNKNOWN


def test_closed_case_ends_the_hold_and_is_opened_again_by_the_next_loss(
    invoice: Invoice, refund: Refund, clerk: User
) -> None:
    lose_the_sending_of(refund)
    send_held(refund)
    close_case(MoneyCase.objects.get().pk, by_staff(clerk), "SEQR's list has none")
    is_held_after_closing = refunds_are_held()
    second = requested_refund(invoice, "1.00", clerk)

    lose_the_sending_of(second)
    send_held(second)

    assert not is_held_after_closing
    assert RefundHold.objects.count() == 2
    assert open_kinds() == [CaseKind.REFUNDS_HELD]


def test_second_loss_extends_the_hold(refund: Refund) -> None:
    lose_the_sending_of(refund)
    send_held(refund)
    hold = RefundHold.objects.get()
    RefundHold.objects.update(lost_since=hold.lost_since + timedelta(seconds=0.001))

    backup = DatabaseBackup.take()
    AuditEvent.objects.create(
        subject_type="call", subject_label="lost", name="lost", source=SourceName.RECOVERY
    )
    tasks.check_audit_marker()
    backup.restore()
    tasks.check_audit_marker()

    extended = RefundHold.objects.get()
    assert extended.lost_until > hold.lost_until
    assert AuditEvent.objects.filter(name="refund_hold_extended").count() == 1
    assert open_kinds() == [CaseKind.REFUNDS_HELD]


def test_loss_found_while_a_person_closes_the_hold_places_another_hold(refund: Refund) -> None:
    """The person has closed the case of an earlier loss, and does not know of this one."""
    earlier = hold_refunds(database_now(), BY_OPERATOR)

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            close_case(earlier.case_id, BY_OPERATOR, "the refunds are known")
            waiting = thread.submit(
                with_own_connection, lambda: hold_refunds(database_now(), BY_OPERATOR)
            )
            wait_for_lock_wait()
        later = waiting.result(RESULT_SECONDS)

    assert later.case_id != earlier.case_id
    assert refunds_are_held()
    assert open_kinds() == [CaseKind.REFUNDS_HELD]


def test_file_finds_the_loss_after_redis_was_emptied(
    settings: Settings, tmp_path: Path, sandbox: SandboxProcess, refund: Refund
) -> None:
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")
    lose_the_sending_of(refund)
    redis_for_tests().delete(MARKER_KEY)

    send_held(refund)

    assert call_count(sandbox, "refundPayment") == 1
    assert refunds_are_held()


def test_file_of_another_machine_places_no_second_hold_for_a_known_loss(
    settings: Settings, tmp_path: Path, refund: Refund, clerk: User
) -> None:
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")
    lose_the_sending_of(refund)
    settings.AUDIT_MARKER_FILE = ""
    send_held(refund)
    release_refunds(by_staff(clerk), "SEQR's list has none")
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")

    tasks.check_audit_marker()

    assert not refunds_are_held()
    assert check_marker() is None


def test_marker_of_another_database_is_replaced(refund: Refund) -> None:
    newest = newest_event()
    assert newest is not None
    other = AuditMarker(
        newest.event_id + 1000,
        newest.occurred_at,
        newest.first_occurred_at - timedelta(microseconds=1),
    )
    store = marker_stores()[0]
    store.replace(other)

    lost = check_marker()

    assert (lost, store.read()) == (None, newest)


@pytest.mark.parametrize("kept_in", ["Redis", "file"])
def test_marker_never_goes_back(
    settings: Settings, tmp_path: Path, refund: Refund, kept_in: str
) -> None:
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")
    store = marker_stores()[kept_in == "file"]
    newest = newest_event()
    assert newest is not None
    older = AuditMarker(newest.event_id - 1, newest.occurred_at, newest.first_occurred_at)

    store.advance(newest)
    store.advance(older)

    assert store.read() == newest


def test_unreadable_file_is_written_anew(
    settings: Settings, tmp_path: Path, refund: Refund
) -> None:
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")
    (tmp_path / "marker").write_text('{"event_id"')

    assert check_marker() is None
    assert marker_stores()[1].read() == newest_event()


def test_refund_is_deferred_while_no_marker_can_be_kept(
    settings: Settings, sandbox: SandboxProcess, refund: Refund
) -> None:
    address = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    send_held(refund)
    deferred = (status_of(refund), call_count(sandbox, "refundPayment"), open_kinds())
    settings.REDIS_URL = address
    expire_refund_lease()

    send_refund(refund.pk)

    assert deferred == (S.CREATED, 0, [])
    assert status_of(refund) == S.REFUNDED


def test_refund_is_sent_while_one_of_two_places_keeps_the_marker(
    settings: Settings, tmp_path: Path, refund: Refund
) -> None:
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    send_refund(refund.pk)

    assert status_of(refund) == S.REFUNDED


def test_operator_holds_refunds_and_releases_them(
    sandbox: SandboxProcess, refund: Refund, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_the_sending_of(refund)
    redis_for_tests().delete(MARKER_KEY)
    call_command("hold_refunds")
    held = capsys.readouterr().out
    send_refund(refund.pk)
    tasks.check_audit_marker()  # finds no second loss
    calls = call_count(sandbox, "refundPayment")

    call_command("release_refunds", "--reason", "SEQR's list has none")
    released = capsys.readouterr().out

    assert "Refunds are on hold, 1 of them unsent: case" in held
    assert (calls, "1 refunds are sent" in released) == (1, True)
    case = MoneyCase.objects.get()
    assert (case.closing_reason, case.closed_by) == ("SEQR's list has none", None)
    events = AuditEvent.objects.filter(source=SourceName.OPERATOR).values_list("name", flat=True)
    assert list(events) == ["refunds_held_case", "case_closed"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["hold_refunds"], "The audit is empty"),
        (["hold_refunds", "--lost-since", "yesterday"], "--lost-since"),
        (["release_refunds", "--reason", "nothing is on hold"], "No refunds are on hold."),
        (["release_refunds", "--reason", " "], "--reason is empty: enter how you know."),
        (["release_refunds"], "--reason"),
    ],
)
def test_command_that_cannot_be_carried_out_changes_nothing(
    command: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command(*command)

    assert not MoneyCase.objects.exists()


def test_operator_names_the_time_to_which_the_database_was_restored(refund: Refund) -> None:
    call_command("hold_refunds", "--lost-since", "2026-01-02 03:04")

    assert RefundHold.objects.get().lost_since.isoformat() == "2026-01-02T02:04:00+00:00"
    with pytest.raises(CommandError, match="future"):
        call_command("hold_refunds", "--lost-since", "2999-01-01")


def test_database_without_a_loss_holds_nothing(sandbox: SandboxProcess, clerk: User) -> None:
    for _ in range(2):
        send_refund(requested_refund(paid_invoice(sandbox), "1.00", clerk).pk)
        tasks.check_audit_marker()

    assert set(Refund.objects.values_list("status", flat=True)) == {S.REFUNDED}
    assert not RefundHold.objects.exists()
