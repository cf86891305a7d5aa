"""Start-up stops with every wrong setting by name, and never prints a value."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seqrshop.deployment import (
    DEVELOPMENT_ENCRYPTION_KEY,
    DEVELOPMENT_SECRET_KEY,
    SETTING_NAMES,
)
from seqrshop.local import ROOT
from seqrshop.local.testing import settings_for_tests
from seqrshop.unsafe_settings import unsafe_settings
from tests.forked_programs import run_forked

pytestmark = pytest.mark.slow

# Nothing listens on port 9.
GOOD = settings_for_tests() | {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}
REQUIRED = {
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_BASE_URL",
    "SEQR_SERVICE_URL",
    "SEQR_SESSION_URL",
}
MALFORMED = {
    "DEBUG": "Malformed-perhaps",
    "SECOND_FACTOR_REQUIRED": "Malformed-maybe",
    "SECRET_KEY": "Malformed" * 50,
    "SECRET_KEY_FALLBACKS": "x," + "Malformed" * 50,
    "ENCRYPTION_KEYS": "Malformed",
    "ALLOWED_HOSTS": " , ,",
    "DATABASE_URL": "mysql://shop:Malformed@127.0.0.1/name",
    "MIGRATION_DATABASE_URL": "postgresql://shop:Malformed@127.0.0.1",
    "REDIS_URL": "Malformed:6379",
    "RATE_LIMIT_REDIS_URL": "Malformed:6379",
    "PUBLIC_BASE_URL": "Malformed.example.se",
    "TRUSTED_PROXIES": "Malformed",
    "SEQR_SERVICE_URL": "ftp://Malformed.example.se/",
    "SEQR_SESSION_URL": "https://Malformed.example.se:port/",
    "SEQR_APP_URL": "Malformed",
    "SEQR_LEAVE_URL": "Malformed",
    "SEQR_STORE_URL_ANDROID": "market://Malformed",
    "SEQR_STORE_URL_IOS": "Malformed",
    "STATIC_ROOT": "Malformed",
    "SEQR_TERMINAL_ID": "Malformed" * 50,
    "SEQR_TERMINAL_PASSWORD": "Malformed" * 50,
    "SEQR_RESELLER_ID": "Malformed" * 50,
    "SEQR_RESELLER_USER_ID": "Malformed\u200b",
    "SEQR_RESELLER_PASSWORD": "Malformed" * 50,
    "SEQR_CLIENT_ID": "Malformed" * 10,
    "SEQR_CHANNEL": "Malformed" * 10,
    "SEQR_TIMEOUT_SECONDS": "nan",
    "INVOICE_LIFETIME_SECONDS": "29",
    "CUSTOMER_DATA_DAYS": "0",
    "CUSTOMER_SESSION_SECONDS": "1e3",
    "SEQR_POLL_SHARDS": "0",
    "SEQR_MAX_IN_FLIGHT": "Malformed",
    "SEQR_POLL_INTERVAL_SECONDS": "0.1",
    "REFUND_APPROVAL_LIMIT": "Malformed",
    "REFUND_DAILY_LIMIT_PER_PERSON": "-1",
    "TERMINAL_REFUND_DAYS": "0",
    "AUDIT_MARKER_FILE": "relative/path",
    "EXPORT_DIR": "relative/path",
    "INSTANT_CHECKOUT_ADDRESSES": "192.0.2.0/24,2001:db8::1",
    "LOYALTY_HOOK": "Malformed",
    "RECONCILIATION_HOUR": "24",
    "REPORT_OVERDUE_HOURS": "0",
    "CASE_EMAILS": "Malformed",
    "EMAIL_URL": "Malformed",
    "EMAIL_FROM": "Malformed",
    "METRICS_TOKEN": "Malformed, spaced",
    "LOG_FORMAT": "Malformed",
    "SENTRY_DSN": "https://Malformed.example/without-a-key",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Malformed",
}


def run(command: list[str], given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment with these settings and no others."""
    return run_forked(command, environment(given))


def environment(given: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **dict.fromkeys(SETTING_NAMES, ""), **given}


def load_settings(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = "from seqrshop.startup import *\nwith stop_without_traceback(): import seqrshop.settings"
    return run(["python", "-c", code], given)


def named(stderr: str, problem: str) -> set[str]:
    pattern = rf"^  ([A-Z_]+) is {problem}: it should be .{{5,}}\.$"
    return set(re.findall(pattern, stderr, re.MULTILINE))


def test_every_missing_setting_is_named_at_once() -> None:
    stopped = load_settings({})

    assert stopped.returncode == 1
    assert named(stopped.stderr, "missing") == REQUIRED


def test_every_malformed_setting_is_named_at_once_without_its_value() -> None:
    stopped = load_settings(MALFORMED)

    assert stopped.returncode == 1
    assert set(MALFORMED) == set(SETTING_NAMES)
    assert named(stopped.stderr, "malformed") == set(MALFORMED)
    assert "Malformed" not in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_required_settings_are_enough() -> None:
    started = load_settings({name: GOOD[name] for name in REQUIRED})

    assert (started.returncode, started.stderr) == (0, "")


def test_debug_alone_is_enough_for_development() -> None:
    started = load_settings({"DEBUG": "on"})

    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("SECRET_KEY", DEVELOPMENT_SECRET_KEY),
        ("SECRET_KEY_FALLBACKS", DEVELOPMENT_SECRET_KEY),
        ("ENCRYPTION_KEYS", DEVELOPMENT_ENCRYPTION_KEY),
        ("ENCRYPTION_KEYS", f"{GOOD['ENCRYPTION_KEYS']},{DEVELOPMENT_ENCRYPTION_KEY}"),
    ],
)
def test_published_development_key_is_refused_with_debug_off(name: str, published: str) -> None:
    stopped = load_settings(GOOD | {name: published})

    assert stopped.returncode == 1
    assert named(stopped.stderr, "malformed") == {name}


UNSAFE = {
    "SECRET_KEY": "x",
    "ALLOWED_HOSTS": "*",
    "PUBLIC_BASE_URL": "https://shop.example.se",
    "SEQR_SERVICE_URL": "http://seqr.example.se/service",
    "SEQR_SESSION_URL": "http://seqr.example.se/session",
}
UNSAFE_NAMES = {
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SEQR_SERVICE_URL",
    "SEQR_SESSION_URL",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_PASSWORD",
}


def unsafe_names(**given: object) -> set[str]:
    """Return the names of the unsafe settings among the tests' own and these."""
    values = GOOD | {"ALLOWED_HOSTS": ["shop.example.se"]} | given
    return {sentence.split()[0] for sentence in unsafe_settings(values)}


def test_settings_that_protect_nothing_stop_start_up_with_debug_off() -> None:
    stopped = load_settings(GOOD | UNSAFE)

    assert stopped.returncode == 1
    found = re.findall(r"^  ([A-Z_]+) .*: it should be .{5,}\.$", stopped.stderr, re.MULTILINE)
    assert set(found) == UNSAFE_NAMES
    assert len(found) == len(UNSAFE_NAMES)
    assert "12345678" not in stopped.stderr


def test_settings_that_protect_nothing_are_accepted_with_debug_on() -> None:
    started = load_settings(GOOD | UNSAFE | {"DEBUG": "on"})

    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "shop.localhost", "127.0.0.1", "127.4.0.1", "[::1]"]
)
def test_shop_on_this_machine_alone_may_protect_nothing(host: str) -> None:
    names = unsafe_names(
        SECRET_KEY="x",
        ALLOWED_HOSTS=[host],
        PUBLIC_BASE_URL=f"http://{host}:8000",
        SEQR_SERVICE_URL=f"http://{host}:8001/service",
        SEQR_SESSION_URL=f"http://{host}:8001/session",
    )

    assert names == set()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"SECRET_KEY": "x"}, {"SECRET_KEY"}),
        ({"SECRET_KEY": "x" * 60}, {"SECRET_KEY"}),
        ({"SECRET_KEY_FALLBACKS": ["x" * 60]}, {"SECRET_KEY_FALLBACKS"}),
        ({"SECRET_KEY": "x", "PUBLIC_BASE_URL": "http://localhost"}, {"SECRET_KEY"}),
        ({"SECRET_KEY": "x", "ALLOWED_HOSTS": ["localhost"]}, {"SECRET_KEY"}),
        ({"SECRET_KEY": "x", "PUBLIC_BASE_URL": "http://127.0.0.1.example.se"}, {"SECRET_KEY"}),
        ({"ALLOWED_HOSTS": ["localhost", "*"]}, {"ALLOWED_HOSTS"}),
        (
            {"SEQR_SERVICE_URL": "http://10.0.0.7/soap"},
            UNSAFE_NAMES - {"SECRET_KEY", "ALLOWED_HOSTS", "SEQR_SESSION_URL"},
        ),
        (
            {"SEQR_SERVICE_URL": "https://seqr.se/soap"},
            {"SEQR_TERMINAL_PASSWORD", "SEQR_RESELLER_PASSWORD"},
        ),
        (
            {
                "SEQR_SERVICE_URL": "https://seqr.se/soap",
                "SEQR_TERMINAL_PASSWORD": "given by SEQR",
                "SEQR_RESELLER_PASSWORD": "",
            },
            set(),
        ),
        # A phone on the same network buys at the sandbox.
        ({"PUBLIC_BASE_URL": "http://192.168.1.5:8000"}, set()),
    ],
)
def test_setting_is_unsafe_where_an_address_is_beyond_this_machine(
    given: dict[str, object], expected: set[str]
) -> None:
    assert unsafe_names(**given) == expected


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_single_missing_secret_stops_start_up(missing: str) -> None:
    stopped = load_settings(GOOD | {missing: "  "})

    assert stopped.returncode == 1
    assert named(stopped.stderr, "missing") == {missing}


def test_cookies_over_https_are_of_this_host_alone() -> None:
    """One cookie served staff and customers, and any host of the domain could set it."""
    code = (
        "from seqrshop import settings as s; print(s.SESSION_COOKIE_NAME, s.CUSTOMER_COOKIE_NAME)"
    )
    given = {name: GOOD[name] for name in REQUIRED}
    https = run(["python", "-c", code], {**given, "PUBLIC_BASE_URL": "https://shop.example.se"})
    http = run(["python", "-c", code], {**given, "PUBLIC_BASE_URL": "http://127.0.0.1:8000"})

    assert https.stdout.split() == ["__Host-staff", "__Host-customer"]
    assert http.stdout.split() == ["staff", "customer"]


def test_every_terminal_setting_that_is_missing_beside_one_is_named() -> None:
    given = {name: GOOD[name] for name in {*REQUIRED, "SEQR_RESELLER_ID"}}

    stopped = load_settings(given)

    assert stopped.returncode == 1
    assert re.findall(r"(\w+) is missing: it belongs to (\w+)", stopped.stderr) == [
        ("SEQR_TERMINAL_ID", "SEQR_RESELLER_ID"),
        ("SEQR_TERMINAL_PASSWORD", "SEQR_RESELLER_ID"),
        ("SEQR_RESELLER_PASSWORD", "SEQR_RESELLER_ID"),
    ]


def test_user_id_of_the_reseller_has_a_default() -> None:
    started = load_settings(GOOD | {"SEQR_RESELLER_USER_ID": ""})

    assert (started.returncode, started.stderr) == (0, "")


def test_environment_overrides_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SEQR_CHANNEL=from-the-file\nSEQR_CLIENT_ID=from-the-file\n")
    code = (
        "from pathlib import Path; from seqrshop.env import Settings; import sys;"
        "found = Settings(Path(sys.argv[1]));"
        "print(found.read('SEQR_CHANNEL', ''), found.read('SEQR_CLIENT_ID', ''))"
    )

    printed = run_forked(
        ["python", "-c", code, str(file)],
        {"PATH": os.environ["PATH"], "SEQR_CHANNEL": "given"},
    )

    assert printed.stdout.split() == ["given", "from-the-file"]


# Each with the exit code that its supervisor sees.
ENTRY_POINTS = {
    "web": (["uvicorn", "seqrshop.asgi:application", "--port", "0"], 3),
    "worker": (["celery", "--quiet", "-A", "seqrshop", "worker", "--pool", "threads"], 1),
    "beat": (["celery", "--quiet", "-A", "seqrshop", "beat"], 1),
    "poller": (["celery", "--quiet", "-A", "seqrshop", "worker", "-Q", "poll"], 1),
    "migrate": (["python", "manage.py", "migrate"], 1),
    "check": (["python", "manage.py", "check"], 1),
}


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_entry_point_reports_missing_setting_without_traceback(name: str) -> None:
    command, exit_code = ENTRY_POINTS[name]

    stopped = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:]],
        cwd=ROOT,
        env=environment(GOOD | {"SECRET_KEY": ""}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert stopped.returncode == exit_code, stopped.stderr
    assert stopped.stderr.startswith("seqrshop cannot start: ")
    assert named(stopped.stderr, "missing") == {"SECRET_KEY"}
    assert stopped.stderr.count("\n") == 3


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ("payments.nowhere.hook", "LOYALTY_HOOK cannot be imported: No module named"),
        ("payments.loyalty.example.no_such", "LOYALTY_HOOK cannot be imported: "),
        ("tests.payments.loyalty.hooks.not_a_function", "LOYALTY_HOOK names something that is not"),
    ],
)
def test_web_process_reports_unusable_loyalty_hook_in_one_sentence(hook: str, reason: str) -> None:
    command, exit_code = ENTRY_POINTS["web"]

    stopped = run(command, GOOD | {"LOYALTY_HOOK": hook})

    assert stopped.returncode == exit_code
    assert stopped.stderr.startswith(f"seqrshop cannot start: {reason}")
    assert stopped.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_process_reports_unusable_loyalty_hook_in_one_sentence(name: str) -> None:
    command, exit_code = ENTRY_POINTS[name]

    stopped = run(command, GOOD | {"LOYALTY_HOOK": "payments.nowhere.hook"})

    assert stopped.returncode == exit_code, stopped.stderr
    assert "seqrshop cannot start: LOYALTY_HOOK cannot be imported: " in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_manage_py_check_reports_unusable_loyalty_hook() -> None:
    stopped = run(
        ["python", "manage.py", "check"], GOOD | {"LOYALTY_HOOK": "payments.nowhere.hook"}
    )

    assert stopped.returncode == 1
    assert "?: (payments.E001) LOYALTY_HOOK cannot be imported: " in stopped.stderr
    assert "Traceback" not in stopped.stderr
