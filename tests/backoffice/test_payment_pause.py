"""Paused payments in the admin: shown on their case, checked, and resumed."""

import pytest

from orders.models import AuditEvent, SubjectType
from payments.availability.pause import payments_are_paused
from payments.models import MoneyCase
from payments.recovery import find_work
from tests.payments.steps import pause_for_refused_password
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db(transaction=True)

BUTTON = 'name="action" value="check_payments"'


def test_case_shows_the_pause_and_offers_a_check() -> None:
    pause = pause_for_refused_password()

    page = superuser().get(page_url(pause.case)).content.decode()

    assert "checked 0 times" in page
    assert BUTTON in page


def test_successful_check_resumes_payments_and_is_audited(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    client = superuser()

    messages = run_action(client, "check_payments", pause.case)

    opened = AuditEvent.objects.get(subject_type=SubjectType.CASE, name="payments_resumed")
    assert messages == [f"SEQR accepts our settings, payments are open again: {pause.case}."]
    assert (opened.source, opened.actor) == ("staff", user_of(client))
    assert not payments_are_paused(pause.terminal_id)
    assert BUTTON not in client.get(page_url(pause.case)).content.decode()


def test_failed_check_is_reported_and_audited(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "result_code", code=20)
    pause = pause_for_refused_password()
    client = superuser()

    messages = [run_action(client, "check_payments", pause.case) for _ in range(2)]

    assert set(messages[-1]) == {f"SEQR still rejects our settings: {pause.case}."}
    assert AuditEvent.objects.filter(name="probe_refused", actor=user_of(client)).count() == 2
    assert payments_are_paused(pause.terminal_id)


def test_check_needs_its_permission(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    client = staff("payments.view_moneycase", "payments.close_moneycase")

    run_action(client, "check_payments", pause.case)

    assert BUTTON not in client.get(page_url(pause.case)).content.decode()
    assert sandbox.calls() == []


def test_check_is_offered_with_its_permission() -> None:
    pause = pause_for_refused_password()
    client = staff("payments.view_moneycase", "payments.check_paymentpause")

    assert BUTTON in client.get(page_url(pause.case)).content.decode()


def test_closing_the_case_schedules_a_check() -> None:
    pause = pause_for_refused_password()

    superuser().post(page_url(pause.case), {"closing_reason": "the password was mistyped"})

    assert MoneyCase.objects.get().closed_at is not None
    assert find_work().pauses_to_probe == [pause.pk]
    assert payments_are_paused(pause.terminal_id)
