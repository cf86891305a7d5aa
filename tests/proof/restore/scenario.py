"""Two losses of the database: one ends with a dump, one with a point in time."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from django.conf import settings
from django.contrib.auth.models import User

from orders.audit_digest import digest_finished_days
from orders.clock import database_now
from orders.models import Shop, Terminal
from payments.refunds.hold import refunds_are_held
from tests.bench.scale.fill import BUSY_SHOP, fill
from tests.proof.outages.customer import Customer
from tests.proof.restore.backups import Database, Stopwatch
from tests.proof.restore.running_shop import run_command, running_shop
from tests.proof.restore.trade import (
    Trade,
    is_paid,
    is_refunded,
    reconcile,
    resolve_from_list,
    trade_after,
    trade_before,
    violations,
    wait_until,
)
from tests.sandbox_process import SandboxProcess

HELD_SECONDS = 12.0  # several runs of recovery, which would send the refunds
# All orders have ended, and the digests of the audit are computed from its events.
END_OPEN_ORDERS = """
    UPDATE orders_order SET state = 'expired' WHERE state IN
        ('created', 'sending', 'awaiting_payment', 'cancel_pending', 'needs_attention');
    UPDATE payments_invoice SET status = 'EXPIRED', cancel_reason = 'lifetime' WHERE status IN
        ('CREATED', 'SENDING', 'ISSUED', 'CANCEL_PENDING', 'NEEDS_ATTENTION');
    DELETE FROM orders_auditdigest;
    RESET session_replication_role;
"""


@dataclass
class Restored:
    """One restore: its steps, and the seconds until a new order could be paid again."""

    kind: str
    watch: Stopwatch = field(default_factory=Stopwatch)
    started_seconds: float = 0.0
    total_seconds: float = 0.0
    resolved_refunds: int = 0
    verified: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """Both restores, and what differs afterwards."""

    orders: int
    restores: list[Restored] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def fill_shop(
    owner: psycopg.Connection[tuple[object, ...]], sandbox: SandboxProcess, orders: int
) -> None:
    """Fill the database with a year of orders, all ended and with true digests of the audit."""
    fill(owner, orders, counts_activity=False)
    owner.execute(END_OPEN_ORDERS)
    digest_finished_days(database_now())
    for terminal in Terminal.objects.exclude(principal_id=settings.SEQR_TERMINAL_ID):
        sandbox.add_terminal(terminal.principal_id, terminal.password)


class Scenario:
    """Trades, loses the database, restores it, and trades on; twice."""

    def __init__(
        self, database: Database, sandbox: SandboxProcess, redis_url: str, folder: Path, orders: int
    ) -> None:
        self._database = database
        self._sandbox = sandbox
        self._redis_url = redis_url
        self._folder = folder
        self._outcome = Outcome(orders)
        self._clerk = User.objects.create_user("till", is_staff=True, is_superuser=True)
        self._colleague = User.objects.create_user("owner", is_staff=True, is_superuser=True)

    def run(self) -> Outcome:
        """Run both restores."""
        trades = [self._restore_dump(), self._restore_point_in_time()]
        reconcile()
        self._outcome.faults += violations(self._sandbox, trades)
        return self._outcome

    def _restore_dump(self) -> Trade:
        """Lose everything since the dump, and Redis too: the operator's command holds refunds."""
        restored = self._begin("pg_dump, pg_restore")
        trade = trade_before(self._sandbox, self._clerk)
        self._database.dump(restored.watch)
        trade = trade_after(self._sandbox, self._clerk, trade)
        began_at = self._lose_database()
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushall()
        self._database.restore_dump(restored.watch)
        with restored.watch.step("migrate, hold_refunds"):
            run_command("migrate", "--verbosity=0")
            run_command("hold_refunds")
        self._open_again(restored, trade, began_at)
        return trade

    def _restore_point_in_time(self) -> Trade:
        """Lose what came after a moment: the marker in Redis shows the loss by itself."""
        restored = self._begin("base backup, WAL to a point in time")
        self._database.take_base_backup(restored.watch)
        trade = trade_before(self._sandbox, self._clerk)
        moment = database_now()
        time.sleep(0.1)
        trade = trade_after(self._sandbox, self._clerk, trade)
        self._database.archive_all()
        began_at = self._lose_database()
        self._database.restore_to(moment, restored.watch)
        with restored.watch.step("migrate"):
            run_command("migrate", "--verbosity=0")
        self._open_again(restored, trade, began_at)
        return trade

    def _begin(self, kind: str) -> Restored:
        restored = Restored(kind)
        self._outcome.restores.append(restored)
        return restored

    def _lose_database(self) -> float:
        self._database.destroy()
        return time.monotonic()

    def _open_again(self, restored: Restored, trade: Trade, began_at: float) -> None:
        """Start the processes, compare with SEQR's list, release the refunds, and verify."""
        customer = Customer(Shop.objects.get(slug=BUSY_SHOP), int(os.environ["PORT"]))
        sent_before = self._refund_calls()
        with running_shop(self._folder, customer) as seconds:
            restored.started_seconds = seconds
            restored.total_seconds = time.monotonic() - began_at
            wait_until(lambda: is_paid(trade.paid_later), "the payment of an invoice of the backup")
            wait_until(refunds_are_held, "the hold of the refunds")
            time.sleep(HELD_SECONDS)
            if self._refund_calls() != sent_before:
                self._outcome.faults.append(f"{restored.kind}: a refund on hold was sent.")
            restored.resolved_refunds = resolve_from_list(self._sandbox, self._colleague)
            run_command("release_refunds", "--reason", "compared with SEQR's list")
            wait_until(lambda: is_refunded(trade.unsent), "the refund that SEQR never got")
            if self._refund_calls() != sent_before + 1:
                self._outcome.faults.append(f"{restored.kind}: a refund was sent twice.")
        for command in ("verify_audit", "check_takings"):
            try:
                restored.verified.append(run_command(command))
            except subprocess.CalledProcessError as error:
                self._outcome.faults.append(f"{restored.kind}: {command}: {error.stderr}")

    def _refund_calls(self) -> int:
        return len(self._sandbox.calls("refundPayment"))
