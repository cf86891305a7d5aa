"""--state FILE: the state file across restarts, kills and failed writes."""

import resource
import signal
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from payments.sandbox.cli import main
from payments.sandbox.clock import Clock
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.models import Customer, Invoice, Status
from payments.sandbox.storage.state_file import StateFile, StateFileError
from tests.sandbox.raw_soap import (
    SoapClient,
    amount,
    context,
    envelope,
    invoice,
    reseller,
    terminal,
    token,
)
from tests.sandbox_process import SandboxProcess

REFUND = f"<invoice>{amount('totalAmount', '5.00')}</invoice>"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seqr.db"


def everything_in(sandbox: SandboxProcess) -> dict[str, Any]:
    """Everything that the control API returns."""
    paths = (
        *("/invoices", "/shops", "/customers", "/resellers", "/terminals", "/periods"),
        "/refund-refusals",
    )
    return {path: sandbox.control("GET", path) for path in paths}


def test_everything_is_restored_after_kill(path: Path) -> None:
    with SandboxProcess("--state", str(path)) as sandbox:
        soap = SoapClient(sandbox)
        sandbox.register_shop("CAFE", "https://cafe.example", codes=["TABLE=4", "TABLE=5"])
        cards = [{"id": "CLUB", "value": "77001"}]
        sandbox.control("POST", "/customers", {"msisdn": "46700643933", "cards": cards})
        sandbox.control("POST", "/refund-refusals", {"code": 97, "service_id": "BAR"})
        scanned = sandbox.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]
        terminal_id = soap.register_terminal().text("terminalId") or ""
        till = context(terminal(terminal_id, "secret-1"))
        till_invoice = soap.call("sendInvoice", invoice(), with_context=till)
        sandbox.add_reseller("chain", "17", "secret-2")
        sandbox.add_terminal("branch", "secret-1", reseller_id="chain")
        sandbox.add_terminal("old-branch", "secret-1", reseller_id="chain")
        sandbox.retire_terminal("old-branch")
        ers_reference = soap.new_payment(invoice("45.00"))
        soap.refund(ers_reference, REFUND)
        soap.submit_receipt(ers_reference, b"a")
        period_id = soap.mark_period().text("transactionPeriodId") or ""
        unconfirmed = soap.paid_invoice()
        waiting = soap.new_invoice(invoice(acknowledgment_mode="OPTIONAL_ACKNOWLEDGMENT"))
        sandbox.act(waiting, "open")
        reserving = soap.new_invoice(
            invoice(payment_mode="RESERVATION_REQUIRED", commit_timeout=600)
        )
        sandbox.pay(reserving)
        odd = soap.new_invoice()
        sandbox.control("PUT", f"/invoices/{odd}", {"status": "HALF_PAID", "receipt_amount": "1"})
        sandbox.advance(10)
        before = everything_in(sandbox)

        sandbox.process.send_signal(signal.SIGKILL)
        sandbox.process.wait()

    with SandboxProcess("--state", str(path)) as sandbox:
        soap = SoapClient(sandbox)
        assert everything_in(sandbox) == before
        assert soap.session(scanned).code == 0
        report = soap.report("Reconciliation/Shop.xml", transactionPeriodId=period_id)
        assert report.code == 0
        assert "-5.00000" in (report.text("report/contentString") or "")
        assert soap.refund(ers_reference, REFUND).code == 0
        assert soap.update(waiting, invoice(), token("77001")).code == 0
        assert soap.call("sendInvoice", invoice(), with_context=till).code == 0
        canceled = soap.status(till_invoice.text("invoiceReference") or "", with_context=till)
        assert canceled.text("status") == "CANCELED"
        branch, old_branch = (
            soap.call("sendInvoice", invoice(), with_context=context(terminal(each, "secret-1")))
            for each in ("branch", "old-branch")
        )
        assert (branch.code, old_branch.code) == (0, 33)
        chain = SoapClient(sandbox, as_reseller=reseller("chain", "17", "secret-2"))
        assert chain.mark_period(TERMINALID="branch").code == 0
        assert int(soap.new_invoice()) > int(odd)
        assert sandbox.scan("HTTP://SEQR.SE/000/CAFE?TABLE=5")["token"] > scanned
        sandbox.advance(10)
        assert sandbox.invoice(unconfirmed)["reversed"] is True
        sandbox.advance(600)
        assert sandbox.invoice(reserving)["status"] == "EXPIRED"


def write_as_format_3(path: Path) -> None:
    """Turn the file into one of format 3, which had one reseller."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM records WHERE record_table = 'resellers'")
        connection.execute(
            "UPDATE records SET value = json_remove(value, '$.reseller_id')"
            " WHERE record_table IN ('terminals', 'periods')"
        )
        connection.execute("PRAGMA user_version = 3")
    connection.close()


def test_file_of_format_3_loads_and_belongs_to_the_published_reseller(path: Path) -> None:
    with SandboxProcess("--state", str(path)) as sandbox:
        soap = SoapClient(sandbox)
        till = soap.new_till()
        sale = soap.new_payment()
        period_id = soap.mark_period().text("transactionPeriodId") or ""
        before = everything_in(sandbox)
    write_as_format_3(path)
    assert path.read_bytes()[60:64] == (3).to_bytes(4, "big")

    with SandboxProcess("--state", str(path)) as sandbox:
        soap = SoapClient(sandbox)
        assert everything_in(sandbox) == before
        sandbox.advance(3)
        report = soap.report("Reconciliation/Shop.xml", transactionPeriodId=period_id)
        assert sale in (report.text("report/contentString") or "")
        assert soap.call("sendInvoice", invoice(), with_context=till).code == 0

    assert path.read_bytes()[60:64] == (4).to_bytes(4, "big")
    StateFile.open(path).close()


def test_kill_during_calls_loses_no_acknowledged_invoice(path: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()

    def send_invoices(soap: SoapClient) -> None:
        try:
            while True:
                acknowledged.append(soap.new_invoice())
                if len(acknowledged) > 30:
                    enough.set()
        except OSError:
            return

    with SandboxProcess("--state", str(path)) as sandbox:
        callers = [
            threading.Thread(target=send_invoices, args=(SoapClient(sandbox),)) for _ in range(3)
        ]
        for caller in callers:
            caller.start()
        assert enough.wait(30)
        sandbox.process.send_signal(signal.SIGKILL)
        for caller in callers:
            caller.join(30)

    stored = StateFile.open(path).records()
    assert set(acknowledged) <= stored.invoices.keys()


def test_reset_is_stored_and_numbers_continue(path: Path) -> None:
    file = StateFile.open(path)
    seqr = SeqrSimulator(Clock(), lambda _: None, records=file.records())
    before = seqr.next_ers_reference()
    seqr.records.customers["1"] = Customer("1", ())
    file.commit()

    seqr.reset()
    file.commit()
    file.close()

    stored = StateFile.open(path).records()
    again = SeqrSimulator(Clock(), lambda _: None, records=stored)
    assert stored.customers.data == {}
    assert list(stored.terminals) == ["public_test_shop_terminal"]
    assert int(again.next_ers_reference()[-8:]) > int(before[-8:])


def foreign_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE records (a)")
    connection.close()


def other_version(path: Path) -> None:
    StateFile.open(path).close()
    content = bytearray(path.read_bytes())
    content[60:64] = (99).to_bytes(4, "big")
    path.write_bytes(content)


def overwritten(path: Path) -> None:
    StateFile.open(path).close()
    content = bytearray(path.read_bytes())
    content[100:] = b"x" * (len(content) - 100)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    StateFile.open(path).close()
    path.write_bytes(path.read_bytes()[:5000])


def with_record(text: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        file = StateFile.open(path)
        file._connection.execute("INSERT INTO records VALUES ('invoices', '1', ?)", (text,))
        file.close()

    return damage


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (Path.touch, "is not a state file"),
    "text": (lambda path: path.write_text("hello"), "is not a state file"),
    "other SQLite": (foreign_sqlite, "is not a state file"),
    "other version": (other_version, "was written by another version"),
    "overwritten": (overwritten, "is damaged"),
    "truncated": (truncated, "is damaged"),
    "no JSON": (with_record("{"), "is damaged"),
    "an unknown class": (with_record('{"$": "Cheque"}'), "is damaged"),
    "a missing field": (with_record('{"$": "Invoice"}'), "is damaged"),
    "a bare number": (with_record("7"), "is damaged"),
    "a directory": (Path.mkdir, "cannot be used"),
}


@pytest.mark.parametrize(("make", "words"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_file_gets_one_sentence_and_stays_unchanged(
    path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], object], words: str
) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None

    code = main(["--port", "0", "--state", str(path)])

    output = capsys.readouterr()
    assert (code, output.out) == (1, "")
    assert output.err.startswith(f"{path} ")
    assert words in output.err
    assert output.err.count("\n") == 1
    assert (path.read_bytes() if path.is_file() else None) == before


def test_state_file_is_locked_by_one_sandbox(path: Path) -> None:
    file = StateFile.open(path)

    with pytest.raises(StateFileError, match="is in use by another sandbox"):
        StateFile.open(path)

    file.close()
    StateFile.open(path).close()


def test_records_are_restored_unchanged_and_in_order(path: Path) -> None:
    file = StateFile.open(path)
    records = file.records()
    content = {"title": "Söder 🥐", "totalAmount": {"currency": "SEK", "value": Decimal("0.10")}}
    moment = datetime(2026, 3, 1, 12, 30, 0, 123456, UTC)
    first = Invoice("2", "terminal", content, moment, Status.PAID, payer=None, ers_reference="a")
    second = Invoice("1", "terminal", content, moment, "HALF_PAID")
    records.invoices["2"], records.invoices["1"] = first, second
    file.commit()
    records.invoices["2"] = first.with_status(Status.CANCELED)
    records.customers["3"] = Customer("3", ())
    file.commit()
    del records.customers["3"]
    file.commit()
    file.close()

    again = StateFile.open(path).records()

    assert again.customers.data == {}
    assert list(again.invoices.values()) == [first.with_status(Status.CANCELED), second]
    assert again.invoices["2"].status is Status.CANCELED
    assert again.invoices["2"].amount.as_tuple().exponent == -2


def test_failed_write_is_repeated_at_next_commit(path: Path) -> None:
    file = StateFile.open(path)
    records = file.records()
    records.numbers["sequence"] = 7.0
    file._connection.execute("PRAGMA query_only = ON")

    with pytest.raises(StateFileError, match="cannot be written"):
        file.commit()

    file._connection.execute("PRAGMA query_only = OFF")
    file.commit()
    file.close()
    assert StateFile.open(path).records().numbers["sequence"] == 7.0


def test_call_gets_500_when_state_file_cannot_be_written(path: Path) -> None:
    with SandboxProcess("--state", str(path)) as sandbox:
        soap = SoapClient(sandbox)
        pid, limits = sandbox.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))

        status, body = soap.http(
            "POST", "/soap/service", envelope("sendInvoice", context() + invoice()).encode()
        )

        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        afterwards = soap.new_invoice()
    assert status == 500
    assert body.decode().startswith(f"{path} cannot be written: ")
    assert afterwards in StateFile.open(path).records().invoices
