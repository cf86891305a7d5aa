"""The chain of the crash run: three terminals, of which one is replaced and one is refused."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seqrshop.local import ROOT
from tests.sandbox_process import SandboxProcess

FIRST_SHOP, OTHER_SHOP = "LYKTAN", "UDDEN"  # service IDs
OLD_TERMINAL = "public_test_shop_terminal"  # of the first shop, until it is replaced
SPARE_TERMINAL = "first_seller_web_2"
OTHER_TERMINAL = "second_seller_web"
OTHER_RESELLER = "second_reseller"
RESELLER_PASSWORD = "5678"
PASSWORDS = {SPARE_TERMINAL: "spare", OTHER_TERMINAL: "other"}
SETTINGS_OF_TERMINAL = (
    "SEQR_TERMINAL_ID",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_ID",
    "SEQR_RESELLER_USER_ID",
    "SEQR_RESELLER_PASSWORD",
)

REFUSED_AFTER_SECONDS = 4.0
REFUSED_SECONDS = 15.0
REPLACED_AFTER_SECONDS = 40.0
STARTING_SECONDS = 10.0  # for the command to start, on a busy machine
RETRY_SECONDS = 1.0  # the database may be down


@dataclass(frozen=True)
class Replacement:
    """When the first shop's terminal was replaced, and what was in progress then."""

    at: datetime
    open_orders: int
    open_invoices: int  # of the old terminal


@dataclass(frozen=True)
class Refusal:
    """When SEQR refused the password of the second seller's terminal."""

    begin: datetime
    end: datetime


def add_chain(env: Mapping[str, str], sandbox: SandboxProcess) -> None:
    """Add the second seller with its shop, and the spare terminal, here and at SEQR."""
    sandbox.add_reseller(OTHER_RESELLER, "9900", RESELLER_PASSWORD)
    sandbox.add_terminal(SPARE_TERMINAL, PASSWORDS[SPARE_TERMINAL])
    password = PASSWORDS[OTHER_TERMINAL]
    sandbox.add_terminal(OTHER_TERMINAL, password, reseller_id=OTHER_RESELLER)
    sandbox.control("POST", "/shops", run_command("add", env=env))


async def replace_terminal(env: Mapping[str, str], is_replaced: asyncio.Event) -> Replacement:
    """Put the spare terminal in use for the first shop after REPLACED_AFTER_SECONDS.

    The command is repeated until the database is up; then the event is set.
    """
    at = time.time() + REPLACED_AFTER_SECONDS
    await asyncio.sleep(REPLACED_AFTER_SECONDS - STARTING_SECONDS)
    while True:
        try:
            found = await asyncio.to_thread(run_command, "replace", str(at), env=env)
        except subprocess.CalledProcessError:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            is_replaced.set()
            replaced_at = datetime.fromisoformat(found["at"])
            return Replacement(replaced_at, found["open_orders"], found["open_invoices"])


async def refuse_terminal(sandbox: SandboxProcess) -> Refusal:
    """Let SEQR refuse the second seller's terminal for REFUSED_SECONDS."""
    await asyncio.sleep(REFUSED_AFTER_SECONDS)
    begin = datetime.now(UTC)
    await asyncio.to_thread(sandbox.change_terminal_password, OTHER_TERMINAL, "another one")
    await asyncio.sleep(REFUSED_SECONDS)
    password = PASSWORDS[OTHER_TERMINAL]
    await asyncio.to_thread(sandbox.change_terminal_password, OTHER_TERMINAL, password)
    return Refusal(begin, datetime.now(UTC))


def run_command(*command: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Run a command of terminal_commands; return its result. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.crash.terminal_commands", *command],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
