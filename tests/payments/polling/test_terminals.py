"""One shard polls the invoices of many terminals, each with its terminal's own credentials."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from orders.models import Shop, Terminal
from payments.availability.pause import paused_terminals
from payments.gateway import seqr
from payments.invoices.send import send_invoice
from payments.models import Invoice, InvoiceStatus
from payments.polling.credentials import CredentialsReader
from payments.seqr import Credentials
from tests.factories import TerminalFactory
from tests.payments.polling.shard import Shard
from tests.payments.steps import (
    issued_invoice,
    new_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

PASSWORD = "the till's password"
Shards = Callable[[], Shard]
pytestmark = pytest.mark.django_db(transaction=True)


def registered_terminal(name: str = "till-2") -> Terminal:
    """Register a terminal at SEQR; return its row."""
    principal_id = seqr(TerminalFactory.create().pk).register_terminal(name, PASSWORD, name)
    return TerminalFactory.create(principal_id=principal_id, label=name, password=PASSWORD)


def issued_by(terminal: Terminal) -> Invoice:
    """Return an invoice of a new shop that SEQR has issued for this terminal."""
    invoice = new_invoice()
    Shop.objects.filter(pk=invoice.order.shop_id).update(terminal=terminal)
    send_invoice(invoice.pk)
    return reloaded(invoice)


def change_password(terminal: Terminal, password: str) -> None:
    """Change the password in a terminal's row, as the admin does."""
    terminal.password = password
    terminal.save(update_fields=["password_ciphertext"])


def querying_terminals(sandbox: SandboxProcess, invoice: Invoice) -> set[str]:
    """Return the terminals, by their IDs at SEQR, that have queried an invoice's status."""
    requests = [
        call["request"]
        for call in sandbox.calls("getPaymentStatus")
        if call["invoice_reference"] == reference(invoice)
    ]
    known = Terminal.objects.values_list("principal_id", flat=True)
    return {each for each in known for request in requests if f"<id>{each}<" in request}


@pytest.fixture
def passed() -> list[tuple[int, str]]:
    """The terminals, with their passwords, that `reader` has passed on."""
    return []


@pytest.fixture
def reader(passed: list[tuple[int, str]]) -> CredentialsReader:
    def set_credentials(terminal_id: int, credentials: Credentials) -> None:
        passed.append((terminal_id, credentials.terminal_password))

    return CredentialsReader(set_credentials)


def test_reader_passes_each_terminal_on_at_its_first_read(
    reader: CredentialsReader, passed: list[tuple[int, str]]
) -> None:
    first = TerminalFactory.create(principal_id="till-1", password="first")
    second = TerminalFactory.create(principal_id="till-2", password="second")

    reader.read()

    assert sorted(passed) == [(first.pk, "first"), (second.pk, "second")]


def test_reader_passes_a_changed_password_and_an_added_terminal_on_at_its_next_read(
    reader: CredentialsReader, passed: list[tuple[int, str]]
) -> None:
    TerminalFactory.create(principal_id="till-1", password="unchanged")
    changed = TerminalFactory.create(principal_id="till-2", password="old")
    reader.read()
    passed.clear()
    change_password(changed, "new")
    added = TerminalFactory.create(principal_id="till-3", password="third")

    reader.read()

    assert sorted(passed) == [(changed.pk, "new"), (added.pk, "third")]


def test_reader_reads_nothing_anew_while_nothing_changes(
    reader: CredentialsReader,
    passed: list[tuple[int, str]],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    TerminalFactory.create(principal_id="till-1", password="first")
    TerminalFactory.create(principal_id="till-2", password="second")
    reader.read()
    passed.clear()

    with django_assert_num_queries(1):
        reader.read()
    terminals = list(Terminal.objects.values_list("pk", flat=True))
    with django_assert_num_queries(0):
        reader.read_if_new(terminals)

    assert passed == []


def test_shard_queries_each_invoice_as_its_own_terminal(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    own, other = issued_invoice(), issued_by(registered_terminal())
    for invoice in (own, other):
        sandbox.pay(reference(invoice))

    shard().run_rounds(times=2)

    assert [order_state(own), order_state(other)] == ["paid", "paid"]
    assert querying_terminals(sandbox, own) == {own.terminal.principal_id}
    assert querying_terminals(sandbox, other) == {other.terminal.principal_id}


def test_refused_terminal_pauses_its_own_payments_and_the_others_payment_is_recorded(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    terminal = registered_terminal()
    own, refused = issued_invoice(), issued_by(terminal)
    change_password(terminal, "wrong")
    sandbox.pay(reference(own))

    shard().run_rounds(times=8)

    assert order_state(own) == "paid"
    assert paused_terminals() == {terminal.pk}
    assert reloaded(refused).status == InvoiceStatus.ISSUED


def test_each_refused_terminal_pauses_its_payments(sandbox: SandboxProcess, shard: Shards) -> None:
    first, second = registered_terminal("till-2"), registered_terminal("till-3")
    for terminal in (first, second):
        issued_by(terminal)
        change_password(terminal, "wrong")

    shard().run_rounds(times=8)

    assert paused_terminals() == {first.pk, second.pk}


def test_corrected_password_is_used_by_a_running_shard(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    terminal = registered_terminal()
    invoice = issued_by(terminal)
    change_password(terminal, "wrong")
    sandbox.pay(reference(invoice))
    running = shard()
    running.run_rounds(times=2)
    before = order_state(invoice)

    change_password(terminal, PASSWORD)
    running.run_rounds(times=8)

    assert (before, order_state(invoice)) == ("awaiting_payment", "paid")


def test_invoice_of_a_terminal_added_during_the_read_is_queried_as_that_terminal(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The invoice was read after the terminals, and its query ended the loop of the shard."""
    read = CredentialsReader.read
    added: list[Invoice] = []

    def read_and_add_terminal(reader: CredentialsReader) -> None:
        read(reader)
        if not added:
            added.append(issued_by(registered_terminal()))

    monkeypatch.setattr(CredentialsReader, "read", read_and_add_terminal)

    shard().run_rounds()

    [invoice] = added
    assert querying_terminals(sandbox, invoice) == {invoice.terminal.principal_id}
