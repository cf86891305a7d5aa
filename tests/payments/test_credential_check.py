"""Credentials are checked with SEQR by calls that change nothing there."""

from __future__ import annotations

import pytest

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, SourceName, SubjectType
from payments.credential_check import (
    CheckResult,
    CredentialCheck,
    check_reseller,
    check_stored_terminal,
    check_terminal,
)
from tests.factories import TerminalFactory
from tests.sandbox_process import SandboxProcess

STAFF = ChangeSource(SourceName.STAFF)
TERMINAL, PASSWORD = "public_test_shop_terminal", "12345678"
RESELLER, USER, RESELLER_PASSWORD = "public_test_shop", "9900", "1234"

pytestmark = pytest.mark.django_db


def test_terminal_is_accepted_by_seqrs_answer_about_an_unknown_invoice(
    sandbox: SandboxProcess,
) -> None:
    check = check_terminal(TERMINAL, PASSWORD, STAFF)

    assert check == CredentialCheck(CheckResult.ACCEPTED, 54)
    assert [call["operation"] for call in sandbox.calls()] == ["getPaymentStatus"]
    assert sandbox.invoices() == []


@pytest.mark.parametrize(
    ("terminal_id", "password", "expected"),
    [
        (TERMINAL, "wrong", CredentialCheck(CheckResult.WRONG_PASSWORD, 20)),
        ("no-such-terminal", PASSWORD, CredentialCheck(CheckResult.UNKNOWN_ID, 37)),
    ],
)
def test_refused_terminal_is_not_accepted(
    sandbox: SandboxProcess, terminal_id: str, password: str, expected: CredentialCheck
) -> None:
    assert check_terminal(terminal_id, password, STAFF) == expected


def test_terminal_that_seqr_has_retired_is_inactive(sandbox: SandboxProcess) -> None:
    sandbox.add_terminal("till-2", "secret-2")
    sandbox.retire_terminal("till-2")

    assert check_terminal("till-2", "secret-2", STAFF).result == CheckResult.INACTIVE


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (21, CheckResult.NOT_ALLOWED),
        (29, CheckResult.UNKNOWN_ID),
        (92, CheckResult.NO_LICENCE),
        (90, CheckResult.UNCLEAR),
        (93, CheckResult.UNCLEAR),
        (10, CheckResult.UNCLEAR),
    ],
)
def test_every_other_answer_of_seqr_accepts_no_terminal(
    sandbox: SandboxProcess, code: int, result: CheckResult
) -> None:
    sandbox.fault("getPaymentStatus", "result_code", code=code)

    assert check_terminal(TERMINAL, PASSWORD, STAFF) == CredentialCheck(result, code)


def test_terminal_is_not_accepted_while_seqr_is_away(seqr_away: None) -> None:
    check = check_terminal(TERMINAL, PASSWORD, STAFF)

    assert check == CredentialCheck(CheckResult.UNCLEAR, None)


def test_stored_terminal_is_checked_with_its_own_password(sandbox: SandboxProcess) -> None:
    sandbox.add_terminal("till-2", "secret-2")
    right = TerminalFactory.create(principal_id="till-2", password="secret-2")
    wrong = TerminalFactory.create(principal_id="till-3", password="secret-3")

    assert check_stored_terminal(right, STAFF).is_accepted
    assert not check_stored_terminal(wrong, STAFF).is_accepted


def test_reseller_is_accepted_by_seqrs_answer_about_an_unknown_period(
    sandbox: SandboxProcess,
) -> None:
    check = check_reseller(RESELLER, USER, RESELLER_PASSWORD, STAFF)

    assert check.is_accepted
    assert [call["operation"] for call in sandbox.calls()] == ["executeReport"]


@pytest.mark.parametrize(
    ("account", "result"),
    [
        ((RESELLER, USER, "wrong"), CheckResult.WRONG_PASSWORD),
        ((RESELLER, "no-such-user", RESELLER_PASSWORD), CheckResult.UNKNOWN_ID),
        (("no-such-reseller", USER, RESELLER_PASSWORD), CheckResult.UNKNOWN_ID),
    ],
)
def test_refused_reseller_is_not_accepted(
    sandbox: SandboxProcess, account: tuple[str, str, str], result: CheckResult
) -> None:
    assert check_reseller(*account, STAFF).result == result


def test_reseller_is_not_accepted_while_seqr_is_away(seqr_away: None) -> None:
    check = check_reseller(RESELLER, USER, RESELLER_PASSWORD, STAFF)

    assert check == CredentialCheck(CheckResult.UNCLEAR, None)


def test_check_is_in_the_audit_with_its_person_and_without_the_password(
    sandbox: SandboxProcess, clerk: object
) -> None:
    check_terminal(TERMINAL, "wrong-secret", by_staff(clerk))

    (event,) = AuditEvent.objects.all()
    assert (event.subject_type, event.name, event.result_code, event.actor) == (
        SubjectType.CALL,
        "getPaymentStatus",
        20,
        clerk,
    )
    assert "wrong-secret" not in event.detail
