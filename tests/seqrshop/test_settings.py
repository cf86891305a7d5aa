"""What an operator gets wrong is named at start-up, all of it at once, and never repeated."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from seqrshop.local.check import NO_SERVERS
from seqrshop.local.testing import settings_for_tests
from seqrshop.settings import SETTING_NAMES

GOOD = settings_for_tests() | NO_SERVERS
REQUIRED = {
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_BASE_URL",
    "SEQR_SERVICE_URL",
    "SEQR_SESSION_URL",
    "SEQR_TERMINAL_ID",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_ID",
    "SEQR_RESELLER_USER_ID",
    "SEQR_RESELLER_PASSWORD",
}
MALFORMED = {
    "DEBUG": "Malformed-perhaps",
    "SECRET_KEY": "Malformed" * 50,
    "ALLOWED_HOSTS": " , ,",
    "DATABASE_URL": "mysql://shop:Malformed@127.0.0.1/name",
    "REDIS_URL": "Malformed:6379",
    "PUBLIC_BASE_URL": "Malformed.example.se",
    "TRUSTED_PROXIES": "Malformed",
    "SEQR_SERVICE_URL": "ftp://Malformed.example.se/",
    "SEQR_SESSION_URL": "https://Malformed.example.se:port/",
    "SEQR_APP_URL": "Malformed",
    "SEQR_LEAVE_URL": "Malformed",
    "SEQR_STORE_URL_ANDROID": "market://Malformed",
    "SEQR_STORE_URL_IOS": "Malformed",
    "SEQR_TERMINAL_ID": "Malformed" * 50,
    "SEQR_TERMINAL_PASSWORD": "Malformed" * 50,
    "SEQR_RESELLER_ID": "Malformed" * 50,
    "SEQR_RESELLER_USER_ID": "Malformed\u200b",
    "SEQR_RESELLER_PASSWORD": "Malformed" * 50,
    "SEQR_CLIENT_ID": "Malformed" * 10,
    "SEQR_CHANNEL": "Malformed" * 10,
    "SEQR_TIMEOUT_SECONDS": "nan",
    "INVOICE_LIFETIME_SECONDS": "29",
    "CUSTOMER_SESSION_SECONDS": "1e3",
    "SEQR_POLL_SHARDS": "0",
    "SEQR_MAX_IN_FLIGHT": "Malformed",
    "SEQR_POLL_INTERVAL_SECONDS": "0.1",
    "REFUND_APPROVAL_LIMIT": "Malformed",
    "LOYALTY_HOOK": "Malformed",
    "RECONCILIATION_HOUR": "24",
    "CASE_EMAILS": "Malformed",
    "EMAIL_URL": "Malformed",
    "EMAIL_FROM": "Malformed",
    "METRICS_TOKEN": "Malformed, spaced",
}


def start(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process that has these alone."""
    return subprocess.run(
        [sys.executable, "-c", "import seqrshop.settings"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **dict.fromkeys(SETTING_NAMES, ""), **given},
        capture_output=True,
        text=True,
        check=False,
    )


def named(stderr: str, problem: str) -> set[str]:
    return set(
        re.findall(rf"^  ([A-Z_]+) is {problem}: it should be .{{5,}}\.$", stderr, re.MULTILINE)
    )


def test_every_missing_setting_is_named_at_once() -> None:
    stopped = start({})

    assert stopped.returncode == 1
    assert named(stopped.stderr, "missing") == REQUIRED


def test_every_malformed_setting_is_named_at_once_without_its_value() -> None:
    stopped = start(MALFORMED)

    assert stopped.returncode == 1
    assert set(MALFORMED) == set(SETTING_NAMES)
    assert named(stopped.stderr, "malformed") == set(MALFORMED)
    assert "Malformed" not in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_the_required_settings_are_enough() -> None:
    started = start({name: GOOD[name] for name in REQUIRED})

    assert (started.returncode, started.stderr) == (0, "")


def test_only_debugging_lets_defaults_stand_in_for_secrets() -> None:
    addresses = {name: GOOD[name] for name in REQUIRED if name.endswith("_URL")}

    assert start(addresses | {"DEBUG": "on"}).returncode == 0
    assert start(addresses | {"DEBUG": "off"}).returncode == 1


@pytest.mark.parametrize("missing", ["SECRET_KEY", "SEQR_TERMINAL_PASSWORD"])
def test_a_single_missing_secret_stops_start_up(missing: str) -> None:
    stopped = start(GOOD | {missing: "  "})

    assert stopped.returncode == 1
    assert named(stopped.stderr, "missing") == {missing}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SEQR_CHANNEL=from-the-file\nSEQR_CLIENT_ID=from-the-file\n")
    read = (
        "from pathlib import Path; from seqrshop.env import Settings; import sys;"
        "found = Settings(Path(sys.argv[1]));"
        "print(found.read('SEQR_CHANNEL', ''), found.read('SEQR_CLIENT_ID', ''))"
    )

    told = subprocess.run(
        [sys.executable, "-c", read, file],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SEQR_CHANNEL": "given"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["given", "from-the-file"]


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("payments.nowhere.hook", "LOYALTY_HOOK cannot be imported: No module named"),
        ("payments.loyalty.example.no_such", "LOYALTY_HOOK cannot be imported: "),
        ("tests.payments.loyalty.hooks.not_a_function", "LOYALTY_HOOK names something that is not"),
    ],
)
def test_a_hook_that_could_not_be_asked_stops_each_process(hook: str, said: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
            **GOOD,
            "LOYALTY_HOOK": hook,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith(f"seqrshop cannot start: {said}")
    assert "Traceback" not in started.stderr
