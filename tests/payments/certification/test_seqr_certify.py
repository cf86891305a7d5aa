"""`manage.py seqr_certify` walks all steps against the sandbox, and writes the evidence."""

from __future__ import annotations

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pypdf import PdfReader
from pytest_django import Settings

from orders.models import AuditEvent, Terminal
from payments.management.commands import seqr_certify
from payments.management.commands.seqr_certify import Command
from seqrshop import __version__
from tests.factories import TerminalFactory
from tests.fault_proxy import use_seqr_at
from tests.payments.certification.runs import SandboxPauses
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
AMOUNT = "--amount: above 0 and at most 100, such as 1.00."
SECONDS = "Error: argument --scan-seconds"
NO_SECONDS = "is not a number of seconds, 1 to 3600."


@pytest.fixture(autouse=True)
def terminal(db: None) -> Terminal:
    """The terminal that is certified."""
    return TerminalFactory.create()


def certify(sandbox: SandboxProcess, folder: Path, *arguments: str) -> str:
    """Run the command; return its output."""
    output = io.StringIO()
    command = Command(stdout=output, no_color=True, pauses=SandboxPauses(sandbox))
    call_command(command, "--folder", str(folder), *arguments)
    return output.getvalue()


def evidence_in(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "evidence.json").read_bytes())
    return content


def test_all_steps_pass_against_the_sandbox_and_leave_nothing_open(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    output = certify(sandbox, tmp_path, "--sandbox")

    heading, *facts = output.splitlines()[:6]
    evidence = evidence_in(tmp_path)
    assert heading == (f"Rehearsal, with the sandbox, of seqrshop {__version__} for Lyktan Kafé AB")
    assert [each.split()[0] for each in facts] == ["SEQR", "terminal", "each", "in", "evidence"]
    assert facts[-1].endswith(f" {tmp_path}")
    assert (evidence["result"], evidence["problem"]) == ("passed", "")
    assert [each["attempts"][-1]["outcome"] for each in evidence["steps"]] == ["passed"] * 10
    assert output.count("      passed") == 10
    assert [
        call["operation"] for call in sandbox.calls() if call["operation"] != "notification"
    ] == [
        *("sendInvoice", "getPaymentStatus", "getPaymentStatus"),
        *("sendInvoice", "getPaymentStatus", "getPaymentStatus"),
        *("getPaymentStatus", "cancelInvoice", "getPaymentStatus"),
        *("getPaymentStatus", "cancelInvoice", "getPaymentStatus"),
        *("sendInvoice", "getPaymentStatus", "getPaymentStatus", "getPaymentStatus"),
        "submitPaymentReceipt",
        *("sendInvoice", "getPaymentStatus", "cancelInvoice", "getPaymentStatus"),
        "refundPayment",
        *("markTransactionPeriod", "executeReport"),
    ]
    assert {each["status"] for each in sandbox.invoices()} == {"PAID", "CANCELED"}
    assert AuditEvent.objects.filter(name="refundPayment", source="operator").count() == 1
    assert {tuple(call["certification_objections"]) for call in sandbox.calls()} == {()}


def test_evidence_names_company_and_system_in_each_call_and_no_secret(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    output = certify(sandbox, tmp_path, "--sandbox", "--company", "Företaget AB")

    evidence = evidence_in(tmp_path)
    calls = [
        call for step in evidence["steps"] for each in step["attempts"] for call in each["calls"]
    ]
    for call in calls:
        assert call["request"]["context.clientId"] == "Företaget AB"
        assert call["request"]["context.clientReference"] == f"seqrshop {__version__}"
        assert call["request"]["context.clientRequestTimeout"] == "0"
        assert call["request"]["context.password"] == "(hidden)"
        assert call["answer"]["resultCode"] == "0"
    whole = "".join(path.read_text(errors="replace") for path in tmp_path.iterdir())
    for secret in ("12345678", "/notify/", "46700643933"):
        assert secret not in whole
    digest = sha256((tmp_path / "evidence.json").read_bytes()).hexdigest()
    text = text_of_pdf(tmp_path)
    assert output.endswith(
        f"\nEvidence: {tmp_path}/evidence.json and {tmp_path}/evidence.pdf\n"
        f"SHA-256 of evidence.json: {digest}\n"
        "Passed. Send both files to SEQR.\n"
    )
    assert f"SHA-256 of evidence.json: {digest}" in text
    assert "Rehearsal of SEQR's certification" in text
    assert "Passed: all 10 steps." in text


def test_failed_step_ends_the_command_with_an_error_and_evidence(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    sandbox.fault("submitPaymentReceipt", "result_code", code=23)

    with pytest.raises(CommandError, match=r"Step 6 of 10, its receipt, has failed.*23"):
        certify(sandbox, tmp_path, "--sandbox")

    evidence = evidence_in(tmp_path)
    assert evidence["result"] == "not passed"
    assert [len(each["attempts"]) for each in evidence["steps"]] == [1] * 6 + [0] * 4
    [failed] = evidence["steps"][5]["attempts"]
    assert "23" in failed["reason"]
    # Of the whole, and of its step.
    assert " ".join(text_of_pdf(tmp_path).split()).count(failed["reason"]) == 2


def test_folder_that_is_a_file_ends_the_command(sandbox: SandboxProcess, tmp_path: Path) -> None:
    file = tmp_path / "evidence"
    file.touch()

    with pytest.raises(CommandError) as error:
        certify(sandbox, file, "--sandbox")

    assert str(error.value) == f"--folder {file}: File exists."
    assert sandbox.calls() == []


def test_interrupted_command_writes_the_evidence_and_says_how_to_continue(
    sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_session: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(seqr_certify, "run_steps", interrupt)
    errors = io.StringIO()
    command = Command(
        stdout=io.StringIO(), stderr=errors, no_color=True, pauses=SandboxPauses(sandbox)
    )

    with pytest.raises(SystemExit) as ended:
        call_command(command, "--folder", str(tmp_path), "--sandbox")

    assert ended.value.code == 130
    assert errors.getvalue() == "\nInterrupted. Continue with --resume.\n"
    assert evidence_in(tmp_path)["result"] == "not passed"


def text_of_pdf(folder: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(folder / "evidence.pdf").pages)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--amount", "0"), AMOUNT),
        (("--amount", "100.01"), AMOUNT),
        (("--amount", "1.001"), "--amount and --currency: An amount must not be finer than 0.01."),
        (
            ("--currency", "kronor"),
            "--amount and --currency: A currency must be three capital letters, such as SEK.",
        ),
        (
            ("--terminal", "till-9"),
            "--terminal: name one of the shop's terminals: public_test_shop_terminal.",
        ),
        (
            ("--company", "x" * 81),
            "--company: give the company's name, at most 80 characters.",
        ),
        (("--resume",), "--resume: there is no certification in {folder}."),
        (
            ("--amount", "many"),
            "Error: argument --amount: 'many' is not an amount such as 1.00.",
        ),
        (("--scan-seconds", "0"), f"{SECONDS}: '0' {NO_SECONDS}"),
        (("--scan-seconds", "3601"), f"{SECONDS}: '3601' {NO_SECONDS}"),
        (("--scan-seconds", "1.5"), f"{SECONDS}: '1.5' {NO_SECONDS}"),
    ],
)
def test_invalid_option_is_named_and_nothing_is_sent(
    sandbox: SandboxProcess, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError) as error:
        certify(sandbox, tmp_path, "--sandbox", *arguments)

    assert str(error.value) == sentence.format(folder=tmp_path)
    assert sandbox.calls() == []
    assert not (tmp_path / "state.json").exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://seqr.example.se"])
def test_sandbox_option_needs_a_sandbox_at_the_address_of_the_settings(
    sandbox: SandboxProcess, tmp_path: Path, settings: Settings, address: str
) -> None:
    use_seqr_at(settings, address)

    with pytest.raises(CommandError, match="--sandbox: there is no sandbox at SEQR_SERVICE_URL"):
        certify(sandbox, tmp_path, "--sandbox")


def test_folder_that_cannot_be_written_is_named(sandbox: SandboxProcess, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match=r"--folder .*file"):
        certify(sandbox, tmp_path / "file" / "folder", "--sandbox")
