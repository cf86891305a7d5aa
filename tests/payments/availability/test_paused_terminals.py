"""One wrong password pauses the shops of its terminal, and a probe resumes each by itself."""

from contextlib import suppress

import pytest
from pytest_django import DjangoAssertNumQueries

from orders.audit import ChangeSource
from orders.models import Shop, SourceName, Terminal
from payments import availability, tasks
from payments.availability import probe
from payments.availability.availability import Reason, unavailability_of
from payments.availability.pause import pause_payments, paused_terminals
from payments.availability.probe import ProbeResult, probe_payments
from payments.invoices.send import send_invoice
from payments.models import Invoice, InvoiceStatus, MoneyCase, PaymentPause
from payments.recovery import find_work
from payments.seqr import SeqrAuthenticationError, SeqrConfigurationError
from payments.terminals import put_in_use, retire, set_password
from tests.factories import ShopFactory
from tests.payments.steps import (
    added_terminal,
    age_invoice,
    make_probe_due,
    new_invoice,
    own_terminal,
    querying_terminals,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

BY_OPERATOR = ChangeSource(SourceName.OPERATOR)
S = InvoiceStatus
pytestmark = pytest.mark.django_db


def refused_terminal(sandbox: SandboxProcess, name: str = "web-2") -> tuple[Terminal, Invoice]:
    """Change a terminal's password at SEQR; return it and an invoice whose sending is refused."""
    terminal = added_terminal(sandbox, name)
    invoice = new_invoice(terminal)
    age_invoice(invoice, 3)
    sandbox.change_terminal_password(name, "another one")
    with suppress(SeqrConfigurationError):
        send_invoice(invoice.pk)
    return terminal, invoice


def reasons(*shops: Shop) -> list[Reason | None]:
    """Return why each shop takes no orders."""
    found = [unavailability_of(Shop.objects.get(pk=shop.pk)) for shop in shops]
    return [each.reason if each else None for each in found]


def test_both_shops_of_a_refused_terminal_are_paused_and_no_other(sandbox: SandboxProcess) -> None:
    terminal, refused = refused_terminal(sandbox)
    second = ShopFactory.create(terminal=terminal)
    sold = new_invoice()

    send_invoice(sold.pk)

    paused = Reason.PAYMENTS_PAUSED
    assert reasons(refused.order.shop, second, sold.order.shop) == [paused, paused, None]
    assert reloaded(sold).status == S.ISSUED


def test_recovery_finds_the_unsent_invoices_of_other_terminals_during_a_pause(
    sandbox: SandboxProcess,
) -> None:
    refused_terminal(sandbox)
    unsent = new_invoice()
    age_invoice(unsent, 3)

    assert find_work().invoices_to_send == [unsent.pk]


def test_probe_resumes_its_own_terminal_only(sandbox: SandboxProcess) -> None:
    first, _ = refused_terminal(sandbox, "web-2")
    second, waiting = refused_terminal(sandbox, "web-3")
    sandbox.change_terminal_password("web-2", "password of web-2")
    PaymentPause.objects.update(next_probe_at="2026-01-01T00:00:00Z")
    due = find_work().pauses_to_probe

    results = {pause.terminal: probe_payments(pause.pk) for pause in PaymentPause.objects.all()}

    assert len(due) == 2
    assert results == {first: ProbeResult.RESUMED, second: ProbeResult.REJECTED}
    assert paused_terminals() == {second.pk}
    assert waiting.pk not in find_work().invoices_to_send
    probed = querying_terminals(sandbox, "getPaymentStatus")
    assert probed == ["web-2"]


def test_password_entered_in_the_shop_resumes_payments_by_the_next_probe(
    sandbox: SandboxProcess,
) -> None:
    terminal, waiting = refused_terminal(sandbox)
    set_password(terminal.pk, "another one", BY_OPERATOR)

    for pause_id in find_work().pauses_to_probe:
        tasks.probe_payments(pause_id)
    for invoice_id in find_work().invoices_to_send:
        send_invoice(invoice_id)

    assert paused_terminals() == frozenset()
    assert reloaded(waiting).status == S.ISSUED


def test_shop_moved_while_its_terminal_is_probed_sells_at_once_and_the_probe_ends_its_pause(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, waiting = refused_terminal(sandbox)
    pause = PaymentPause.objects.get()
    make_probe_due(pause)
    sandbox.change_terminal_password("web-2", "password of web-2")
    original = probe._resume

    def move_first(*args: object) -> None:
        put_in_use(waiting.order.shop_id, own_terminal(), BY_OPERATOR)
        assert find_work().invoices_to_send == [waiting.pk]
        send_invoice(waiting.pk)
        original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(probe, "_resume", move_first)

    result = probe_payments(pause.pk)

    assert result == ProbeResult.RESUMED
    assert (reloaded(waiting).status, reloaded(waiting).terminal) == (S.ISSUED, own_terminal())
    assert paused_terminals() == frozenset()
    assert terminal.shops.count() == 0


def test_pause_that_began_while_its_terminal_was_retired_is_ended_without_a_call(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEQR would be called with an empty password each minute, for ever."""
    terminal = added_terminal(sandbox)
    invoice = new_invoice(terminal)
    put_in_use(invoice.order.shop_id, own_terminal(), BY_OPERATOR)
    send_invoice(invoice.pk)
    error = SeqrAuthenticationError("getPaymentStatus", "SEQR answered 20", 20)
    refused = Invoice(pk=invoice.pk, terminal=terminal, created_at=invoice.created_at)

    def retire_after_the_check(terminal_id: int) -> bool:
        assert retire(terminal_id, BY_OPERATOR)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(availability.pause, "is_retired", retire_after_the_check)
        pause_payments(refused, error, BY_OPERATOR)
    make_probe_due(PaymentPause.objects.get())
    calls = len(sandbox.calls())

    for pause_id in find_work().pauses_to_probe:
        tasks.probe_payments(pause_id)

    assert (paused_terminals(), len(sandbox.calls())) == (frozenset(), calls)
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


def test_terminal_whose_password_no_key_decrypts_pauses_its_own_shops(
    sandbox: SandboxProcess,
) -> None:
    """SEQR is called with an empty password, and refuses it."""
    invoice, sold = new_invoice(added_terminal(sandbox)), new_invoice()
    Terminal.objects.filter(pk=invoice.terminal_id).update(password_ciphertext="unreadable")

    with pytest.raises(SeqrConfigurationError):
        send_invoice(invoice.pk)
    send_invoice(sold.pk)

    assert reasons(invoice.order.shop, sold.order.shop) == [Reason.PAYMENTS_PAUSED, None]
    assert reloaded(sold).status == S.ISSUED


def test_recovery_reads_what_is_due_with_one_query_for_all_paused_terminals(
    sandbox: SandboxProcess, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        refused_terminal(sandbox, f"web-{number}")

    with django_assert_max_num_queries(16):
        work = find_work()

    assert work.invoices_to_send == []
