"""Processes with a wrong encryption key do not start, and a key is replaced without a gap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from orders.models import Terminal
from tests.forked_programs import run_forked
from tests.seqrshop.test_settings import ENTRY_POINTS, GOOD
from tests.stored_passwords import OTHER_KEY, ciphertext_by, seller_with, terminal_with
from tests.web_process import WebProcess, process_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OLD, NEW = OTHER_KEY, Fernet.generate_key().decode()
PASSWORD = "till-2-secret"
REASON = (
    "ENCRYPTION_KEYS has no key that decrypts the stored password of terminal till-2: see “Keys "
    "and passwords” in docs/keys.md."
)
SEED_DEMO = ["python", "manage.py", "seed_demo"]
REENCRYPT = ["python", "manage.py", "reencrypt_secrets"]
# Prints what a forked child would inherit: the pools of connections, and their threads.
AFTER_CHECK = """
import django, threading
django.setup()
from seqrshop.startup import require_valid_settings
require_valid_settings()
from django.db import connection
print(connection.connection, connection._connection_pools, threading.active_count())
"""


def run(command: list[str], **given: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the tests' database and these settings."""
    settings_module = {"DJANGO_SETTINGS_MODULE": "seqrshop.settings"}
    return run_forked(command, {**process_environment(), **settings_module, **given})


@pytest.fixture
def terminal() -> Terminal:
    """A terminal whose password is encrypted by the old key."""
    return terminal_with(ciphertext_by(OLD, PASSWORD))


@pytest.mark.parametrize("name", [name for name in ENTRY_POINTS if name != "check"])
def test_entry_point_with_wrong_key_stops_with_one_sentence(terminal: Terminal, name: str) -> None:
    command, exit_code = ENTRY_POINTS[name]

    stopped = run(command)

    assert stopped.returncode == exit_code, stopped.stderr
    assert stopped.stderr.splitlines()[-1].endswith(REASON)
    assert "Traceback" not in stopped.stderr
    if name in ("web", "migrate"):
        assert (stopped.stdout, stopped.stderr) == ("", f"seqrshop cannot start: {REASON}\n")


def test_seed_demo_with_wrong_key_prints_nothing_but_the_sentence(terminal: Terminal) -> None:
    stopped = run(SEED_DEMO, DEMO_PASSWORD="secret")

    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == f"seqrshop cannot start: {REASON}\n"


def test_poller_of_the_procfile_with_wrong_key_stops(terminal: Terminal) -> None:
    command = ["celery", "--quiet", "-A", "seqrshop", "worker", "-Q", "poll", "--pool", "solo"]

    stopped = run(command, CELERY_SKIP_CHECKS="1")

    assert stopped.returncode == 1
    assert REASON in stopped.stderr


def test_check_of_the_database_names_the_setting(terminal: Terminal) -> None:
    found = run(["python", "manage.py", "check", "--database", "default"])

    assert found.returncode == 1
    assert f"?: (payments.E002) {REASON}" in found.stderr


def test_check_leaves_no_connection_and_no_thread_to_forked_processes(terminal: Terminal) -> None:
    checked = run(["python", "-c", AFTER_CHECK], ENCRYPTION_KEYS=OLD)

    assert checked.stdout.split("\n")[0] == "None {} 1", checked.stderr


def test_processes_start_without_database_and_log_it(tmp_path: Path) -> None:
    away = GOOD["DATABASE_URL"]

    with WebProcess(tmp_path / "log", DATABASE_URL=away) as web:
        response = web.request("GET", "/health/live")

    assert response.status == 200
    warning = "the stored passwords are not checked: OperationalError"
    assert f"WARNING payments.stored_passwords: {warning}" in web.log.read_text()


def test_key_is_replaced_in_four_steps(terminal: Terminal, tmp_path: Path) -> None:
    seller_with(ciphertext_by(OLD, "reseller-secret"))
    web, exit_code = ENTRY_POINTS["web"]

    both_are_known = run(REENCRYPT, ENCRYPTION_KEYS=f"{OLD},{NEW}")
    with WebProcess(tmp_path / "log", ENCRYPTION_KEYS=f"{NEW},{OLD}"):
        too_early = run(web, ENCRYPTION_KEYS=NEW)
        encrypted = run(REENCRYPT, ENCRYPTION_KEYS=f"{NEW},{OLD}")
        again = run(REENCRYPT, ENCRYPTION_KEYS=f"{NEW},{OLD}")
    with WebProcess(tmp_path / "log", ENCRYPTION_KEYS=NEW):
        old_key = run(web, ENCRYPTION_KEYS=OLD)

    assert both_are_known.stdout == "Passwords encrypted with the first key: 0 now, 2 before\n"
    assert too_early.returncode == exit_code
    assert encrypted.stdout == "Passwords encrypted with the first key: 2 now, 0 before\n"
    assert again.stdout == "Passwords encrypted with the first key: 0 now, 2 before\n"
    assert old_key.returncode == exit_code
    terminal.refresh_from_db()
    ciphertext = terminal.password_ciphertext
    assert Fernet(NEW).decrypt(ciphertext).decode() == PASSWORD


def test_command_names_unreadable_password_and_changes_nothing(terminal: Terminal) -> None:
    seller = seller_with(ciphertext_by(NEW, "reseller-secret"))

    failed = run(REENCRYPT, ENCRYPTION_KEYS=f"{Fernet.generate_key().decode()},{NEW}")

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"CommandError: {REASON}\n"
    before = seller.reseller_password_ciphertext
    seller.refresh_from_db()
    assert seller.reseller_password_ciphertext == before


def test_shop_starts_after_a_lost_key_is_forgotten(terminal: Terminal, tmp_path: Path) -> None:
    forgotten = run([*REENCRYPT, "--forget-unreadable"], ENCRYPTION_KEYS=NEW)

    assert forgotten.stdout.splitlines() == [
        "Erased the password of terminal till-2",
        "Passwords encrypted with the first key: 0 now, 0 before",
    ]
    with WebProcess(tmp_path / "log", ENCRYPTION_KEYS=NEW) as web:
        assert web.request("GET", "/health/live").status == 200


def test_new_key_is_made_without_any_setting() -> None:
    nothing = {"PATH": os.environ["PATH"]}
    keys = {
        subprocess.run(
            [sys.executable, "-m", "seqrshop.make_encryption_key"],
            cwd=settings.BASE_DIR,
            env=nothing,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.rstrip("\n")
        for _ in range(2)
    }

    assert len(keys) == 2
    for key in keys:
        Fernet(key)
