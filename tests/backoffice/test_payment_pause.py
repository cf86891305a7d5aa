"""Paying that is closed, as the staff see it, check it and close its case."""

import pytest

from orders.models import AuditEvent, SubjectType
from payments.availability.pause import payments_are_paused
from payments.models import MoneyCase
from payments.recovery import find_work
from tests.payments.steps import close_paying
from tests.sandbox_process import SandboxProcess
from tests.staff import boss, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db(transaction=True)

BUTTON = 'value="Check now"'


def test_the_case_tells_how_it_stands_and_has_a_button() -> None:
    stop = close_paying()

    page = boss().get(page_url(stop.case)).content.decode()

    assert "checked 0 times" in page
    assert BUTTON in page


def test_a_check_opens_paying_and_its_history_tells_who_made_it(sandbox: SandboxProcess) -> None:
    stop = close_paying()
    client = boss()

    told = run(client, "check_paying", stop.case)

    opened = AuditEvent.objects.get(subject_type=SubjectType.CASE, name="paying_opened")
    assert told == [f"SEQR accepts our settings, and paying is open again: {stop.case}."]
    assert (opened.source, opened.actor) == ("staff", user_of(client))
    assert not payments_are_paused()
    assert BUTTON not in client.get(page_url(stop.case)).content.decode()


def test_each_check_that_fails_is_told_and_in_the_history(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "result_code", code=20)
    stop = close_paying()
    client = boss()

    told = [run(client, "check_paying", stop.case) for _ in range(2)]

    assert set(told[-1]) == {f"SEQR still refuses our settings: {stop.case}."}
    assert AuditEvent.objects.filter(name="probe_refused", actor=user_of(client)).count() == 2
    assert payments_are_paused()


def test_without_the_permission_nobody_checks(sandbox: SandboxProcess) -> None:
    stop = close_paying()
    client = staff("payments.view_moneycase", "payments.close_moneycase")

    run(client, "check_paying", stop.case)

    assert BUTTON not in client.get(page_url(stop.case)).content.decode()
    assert sandbox.calls() == []


def test_with_the_permission_one_checks() -> None:
    stop = close_paying()
    client = staff("payments.view_moneycase", "payments.check_paymentpause")

    assert BUTTON in client.get(page_url(stop.case)).content.decode()


def test_who_closes_the_case_has_paying_checked_soon() -> None:
    stop = close_paying()

    boss().post(page_url(stop.case), {"closing_reason": "the password was mistyped"})

    assert MoneyCase.objects.get().closed_at is not None
    assert find_work().to_probe == [stop.pk]
    assert payments_are_paused()
