"""A terminal that SEQR refuses takes nothing from the invoices of the others."""

import json
import time
from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from payments.invoices.status_query import StatusQuery
from payments.models import Invoice, InvoiceStatus, PollShard
from payments.polling import read_heartbeats
from payments.polling.heartbeat import HeartbeatPublisher
from payments.polling.liveness import shard_is_stalled
from payments.polling.poller import OpenInvoice, ShardPoller
from payments.seqr import SeqrAuthenticationError
from seqrshop.ops.health_snapshot import shard_statuses
from tests.factories import TerminalFactory
from tests.payments.polling.shard import (
    MAX_IN_FLIGHT,
    ONLY_SHARD,
    FakeStatusClient,
    Outcome,
    Shard,
    status,
)
from tests.payments.steps import (
    added_terminal,
    age_invoice,
    issued_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

REFUSED, ACCEPTED = 1, 2  # terminals
REFUSAL = SeqrAuthenticationError("getPaymentStatus", "SEQR answered 20 AUTHENTICATION_FAILED", 20)
Shards = Callable[[], Shard]


def answer(key: int) -> Outcome:
    """Refuse the terminal of odd keys, and answer ISSUED for the others."""
    return REFUSAL if key % 2 else status("ISSUED")


def poller_with(invoices: int, clock: Callable[[], float]) -> tuple[ShardPoller, FakeStatusClient]:
    """Return a poller whose invoices are of the refused and of the accepted terminal in turn."""
    calls = FakeStatusClient(answer)
    poller = ShardPoller(0, calls, interval=1.0, max_in_flight=MAX_IN_FLIGHT, clock=clock)
    for key in range(1, invoices + 1):
        terminal = REFUSED if key % 2 else ACCEPTED
        query = StatusQuery(key, terminal, f"ref-{key}", 0, InvoiceStatus.ISSUED, key)
        poller.submit(OpenInvoice(query, clock()))
    return poller, calls


@pytest.mark.parametrize("refused_alone", [False, True])
def test_refused_invoices_are_queried_once_a_second_and_the_others_keep_their_pace(
    refused_alone: bool,
) -> None:
    """They were queried up to ten times a second: each, and for ten seconds."""
    now = 1000.0
    poller, calls = poller_with(1 if refused_alone else 40, lambda: now)

    for _ in range(30 * 50):
        poller.step()
        now += 0.02

    counts = {key: calls.queried.count(key) for key in set(calls.queried)}
    assert {round(count / 30, 1) for count in counts.values()} == {1.0}


def test_refused_invoices_are_left_out_of_the_answers_of_the_others() -> None:
    now = 1000.0
    poller, _ = poller_with(4, lambda: now)

    for _ in range(30 * 50):
        poller.step()
        now += 0.02

    heartbeat = poller.heartbeat
    assert now - heartbeat.oldest_answer < 2
    assert now - heartbeat.oldest_written_answer < 2
    assert heartbeat.refused == {REFUSED: 1000.0}


def test_shard_with_a_refused_terminal_is_not_stalled_and_its_health_is_not_hidden(
    settings: Settings,
) -> None:
    """The pages of all shops queried SEQR themselves, for as long as one password was wrong."""
    settings.SEQR_POLL_SHARDS = 1
    started = now = time.monotonic() - 30
    poller, _ = poller_with(4, lambda: now)
    while now < started + 30:
        poller.step()
        now += 0.1

    HeartbeatPublisher(ONLY_SHARD, poller, lambda: now).publish()

    published = read_heartbeats()
    health = shard_statuses(published, {})[0]
    assert not shard_is_stalled(0)
    assert health is not None
    assert health.oldest_answer_age > 25
    assert json.dumps(published)


@pytest.mark.django_db(transaction=True)
def test_cancel_at_one_terminal_is_no_possible_reversal_while_another_is_refused(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    """The order needed attention, and its customer could order nothing more."""
    own, refused = issued_invoice(), issued_invoice(added_terminal(sandbox))
    for invoice in (own, refused):
        age_invoice(invoice, 60)
    running = shard()
    running.run_rounds(times=2)
    sandbox.change_terminal_password(refused.terminal.principal_id, "another one")
    running.run_rounds(times=30)

    sandbox.change_terminal_password(refused.terminal.principal_id, "password of web-2")
    for invoice in (own, refused):
        sandbox.act(reference(invoice), "cancel")
        refresh(invoice)  # by its page, before the poller

    assert PollShard.objects.get().refused.keys() == {refused.terminal_id}
    assert [reloaded(each).status for each in (own, refused)] == [InvoiceStatus.CANCELED] * 2
    assert [reloaded(each).possibly_reversed for each in (own, refused)] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_next_loop_knows_that_a_terminal_was_refused_until_it_started(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    own, refused = issued_invoice(), issued_invoice(added_terminal(sandbox))
    for invoice in (own, refused):
        age_invoice(invoice, 60)
    sandbox.change_terminal_password(refused.terminal.principal_id, "another one")
    shard().run_rounds(times=30)
    sandbox.change_terminal_password(refused.terminal.principal_id, "password of web-2")
    for invoice in (own, refused):
        sandbox.act(reference(invoice), "cancel")

    shard().run_rounds(times=2)

    assert [reloaded(each).possibly_reversed for each in (own, refused)] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_reads_of_a_shard_need_as_many_queries_for_200_terminals_as_for_one(
    sandbox: SandboxProcess, shard: Shards, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    invoice = issued_invoice()
    running = shard()
    running.run_rounds()
    for number in range(199):
        TerminalFactory.create(principal_id=f"till-{number}", password="its own")
    running.run_rounds()  # which reads the new terminals' passwords
    Invoice.objects.filter(pk=invoice.pk).update(notified_at=None)

    with django_assert_num_queries(5):
        running.store.read_all()  # the terminals' ciphertexts, the invoices' digests
