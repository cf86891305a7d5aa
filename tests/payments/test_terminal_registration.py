"""The commands that register, name and remove a cash register at SEQR."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from orders.models import AuditEvent, SubjectType, Terminal
from tests.factories import SellerFactory, TerminalFactory
from tests.payments.steps import issued_invoice
from tests.payments.terminal_steps import events_of, is_retired
from tests.sandbox_process import SandboxProcess

PASSWORD = "the till's own secret"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "no_terminal_in_settings")]


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    """A file that holds the cash register's password."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return str(file)


@pytest.fixture
def reseller(settings: Settings) -> None:
    """The only seller, with the reseller account of the settings."""
    SellerFactory.create(reseller_id=settings.SEQR_RESELLER_ID)


def run(command: str, *options: str) -> tuple[str, str]:
    """Run a command; return what it printed, and its warnings."""
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refusal(command: str, *options: str) -> str:
    """Run a command that refuses; return its sentence."""
    with pytest.raises(CommandError) as raised:
        run(command, *options)
    return str(raised.value)


def registered(password_file: str) -> str:
    """Register a cash register; return SEQR's ID of it."""
    out, _ = run(
        "register_terminal",
        *("--external-id", "till-1", "--name", "Till 1", "--password-file", password_file, "--yes"),
    )
    match = re.search(r"SEQR's ID: (\w+)", out)
    assert match is not None
    return match[1]


def registration_events() -> list[tuple[str, str]]:
    """Return the name and the detail of the events about terminals without a row."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.TERMINAL, subject_id=None)
    return list(events.order_by("pk").values_list("name", "detail"))


@pytest.mark.usefixtures("reseller")
def test_cash_register_is_registered_named_and_removed(
    sandbox: SandboxProcess, password_file: str
) -> None:
    terminal_id = registered(password_file)
    known = ("--terminal", terminal_id, "--password-file", password_file, "--yes")
    assigned, warning = run("assign_seqr_id", *known, "--seqr-id", "TILL1")
    at_seqr = next(each for each in sandbox.terminals() if each["terminal_id"] == terminal_id)
    removed, _ = run("unregister_terminal", *known)

    assert "A web shop needs none" in warning
    assert (at_seqr["external_id"], at_seqr["seqr_id"]) == ("till-1", "TILL1")
    assert assigned == f"Assigned the SEQR ID TILL1 to the terminal {terminal_id}.\n"
    assert removed == f"Removed the terminal {terminal_id} from SEQR.\n"
    assert registration_events() == [
        ("terminal_registered", f"{terminal_id}, till-1"),
        ("seqr_id_assigned", f"{terminal_id}: TILL1"),
        ("terminal_unregistered", terminal_id),
    ]
    assert not Terminal.objects.filter(principal_id=terminal_id).exists()


@pytest.mark.usefixtures("reseller")
@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("register_terminal", ("--external-id", "till-1", "--name", "Till 1")),
        ("assign_seqr_id", ("--terminal", "till-1", "--seqr-id", "TILL1")),
        ("unregister_terminal", ("--terminal", "till-1")),
    ],
)
def test_without_confirmation_nothing_is_sent(
    sandbox: SandboxProcess, password_file: str, command: str, options: tuple[str, ...]
) -> None:
    sentence = refusal(command, *options, "--password-file", password_file)

    assert sentence == "Nothing was sent to SEQR. Add --yes to do it."
    assert sandbox.calls() == []


@pytest.mark.usefixtures("reseller")
def test_registration_warns_that_each_invoice_cancels_the_one_before(password_file: str) -> None:
    err = io.StringIO()
    options = ("--external-id", "till-1", "--name", "Till 1", "--password-file", password_file)
    with pytest.raises(CommandError):
        call_command("register_terminal", *options, stderr=err)

    assert "each new invoice on it cancels the one before" in err.getvalue()


@pytest.mark.usefixtures("reseller")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--external-id", " "), "--external-id: give 1 to 200 characters in one line."),
        (("--name", "Till\n1"), "--name: give 1 to 200 characters in one line."),
        (("--seller", "nobody"), "--seller: no seller has the reseller ID nobody."),
        (
            ("--password-file", "/no/such/file"),
            "--password-file names a file that cannot be read.",
        ),
        (
            ("--password-file", "/dev/null"),
            "--password-file must have 1 to 200 characters in one line.",
        ),
    ],
)
def test_bad_option_is_named_and_nothing_is_sent(
    sandbox: SandboxProcess, password_file: str, options: tuple[str, ...], sentence: str
) -> None:
    good = ("--external-id", "till-1", "--name", "Till 1", "--password-file", password_file)

    assert refusal("register_terminal", *good, *options, "--yes") == sentence
    assert sandbox.calls() == []


def test_seller_is_named_where_there_are_several(
    sandbox: SandboxProcess, password_file: str
) -> None:
    options = ("--external-id", "1", "--name", "Till", "--password-file", password_file, "--yes")
    without_any = refusal("register_terminal", *options)
    SellerFactory.create()
    SellerFactory.create(reseller_id="chain")
    of_several = refusal("register_terminal", *options)

    assert without_any.startswith("--seller: there is no seller yet.")
    assert of_several == "--seller: there are several sellers. Name one by its reseller ID."
    assert sandbox.calls() == []


@pytest.mark.usefixtures("reseller")
def test_lost_answer_of_a_registration_is_reported_as_unknown(
    sandbox: SandboxProcess, password_file: str
) -> None:
    sandbox.fault("registerTerminal", "drop")

    options = ("--external-id", "till-1", "--name", "Till 1", "--password-file", password_file)
    sentence = refusal("register_terminal", *options, "--yes")

    assert "It may have been done." in sentence
    assert "ask SEQR for it before you register another one" in sentence
    assert registration_events() == []


def test_terminal_with_an_open_invoice_is_not_removed(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    issued_invoice(old)

    sentence = refusal("unregister_terminal", "--terminal", old.principal_id, "--yes")

    assert sentence == (
        "Nothing was sent to SEQR: work is left for it (shops: 1, open invoices: 1)."
    )
    assert not is_retired(old)
    assert sandbox.calls("unregisterTerminal") == []


def test_terminal_of_the_settings_is_not_removed(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.SEQR_TERMINAL_ID = "public_test_shop_terminal"

    sentence = refusal("unregister_terminal", "--terminal", settings.SEQR_TERMINAL_ID, "--yes")

    assert sentence == "Nothing was sent to SEQR: SEQR_TERMINAL_ID names the terminal."
    assert sandbox.calls() == []


@pytest.mark.usefixtures("reseller")
def test_stored_cash_register_is_removed_with_its_stored_password_and_retired(
    password_file: str,
) -> None:
    terminal = TerminalFactory.create(principal_id=registered(password_file), password=PASSWORD)

    out, _ = run("unregister_terminal", "--terminal", terminal.principal_id, "--yes")

    assert "It is retired here too, and its password is deleted." in out
    assert is_retired(terminal)
    assert events_of(terminal) == ["terminal_retired", "terminal_unregistered"]


def test_terminal_that_seqr_does_not_remove_stays_in_use(old: Terminal) -> None:
    terminal_id = old.principal_id  # a web shop's, which SEQR does not let it remove

    sentence = refusal("unregister_terminal", "--terminal", terminal_id, "--yes")

    assert sentence.endswith("Nothing was changed at SEQR.")
    assert not is_retired(old)
    assert old.password == "12345678"


@pytest.mark.usefixtures("reseller")
def test_terminal_stays_retired_when_the_answer_of_its_removal_is_lost(
    sandbox: SandboxProcess, password_file: str
) -> None:
    terminal = TerminalFactory.create(principal_id=registered(password_file), password=PASSWORD)
    sandbox.fault("unregisterTerminal", "drop")

    sentence = refusal("unregister_terminal", "--terminal", terminal.principal_id, "--yes")

    assert "It may have been done. Run the command again with the password" in sentence
    assert is_retired(terminal)


def test_password_that_is_not_stored_is_needed(sandbox: SandboxProcess) -> None:
    sentence = refusal("unregister_terminal", "--terminal", "till-1", "--yes")

    assert sentence == "Give the password in --password-file: nobody is there to be asked."
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ((PASSWORD, PASSWORD), f"read {len(PASSWORD)} characters"),
        ((PASSWORD, "another"), "The two passwords differ. Nothing was sent to SEQR."),
    ],
)
def test_password_is_typed_twice_and_never_shown(typed: tuple[str, str], shown: str) -> None:
    code = (
        "from payments.management.passwords import read_password\n"
        "try: print('read', len(read_password(None, 'Password', twice=True)), 'characters')\n"
        "except Exception as error: print(error)"
    )
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # so that there is no other terminal to ask at
    ):
        os.close(theirs)
        output = ""
        for each in typed:
            output += _read_until(ours, ": ")
            os.write(ours, f"{each}\n".encode())
        output += _read_until(ours, shown)
    os.close(ours)

    assert shown in output
    assert PASSWORD not in output


def _read_until(terminal: int, text: str) -> str:
    output = ""
    while text not in output:
        output += os.read(terminal, 1000).decode()
    return output
