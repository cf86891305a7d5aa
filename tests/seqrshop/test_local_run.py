"""`make run`, from its start errors to the exit of its last process."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from seqrshop.deployment import SETTING_NAMES
from seqrshop.env import encryption_keys
from seqrshop.local import ROOT, demo
from seqrshop.local.demo import Ports, Secrets
from seqrshop.local.orphans import OWNER_VARIABLE, is_alive
from seqrshop.local.servers import Servers, free_port
from tests.forked_programs import run_forked

pytestmark = pytest.mark.slow

START_TIMEOUT_SECONDS = 300
STOP_TIMEOUT_SECONDS = 60
COMMAND = [sys.executable, "-m", "seqrshop.local.run"]

PORTS = Ports(shop=8000, sandbox=8001)
SECRETS = Secrets("a secret key", "a password", "an encryption key", "a terminal's password")
STATE = Path("sandbox.json")
SERVERS = Servers("postgresql://127.0.0.1/here", "redis://127.0.0.1/0")


def newcomer_environment(folder: Path, **given: str) -> dict[str, str]:
    """Return an environment with none of the shop's settings, and two free ports."""
    ours = {*SETTING_NAMES, "DJANGO_SETTINGS_MODULE"}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "SEQRSHOP_LOCAL_DIR": str(folder),
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        **given,
    }


def start_error(environment: Mapping[str, str]) -> str:
    """Return the one sentence with which `make run` fails to start."""
    failed = run_forked(["python", *COMMAND[1:]], environment)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    return failed.stderr


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_taken_port_is_a_start_error(tmp_path: Path, taken_port: str, name: str) -> None:
    sentence = start_error(newcomer_environment(tmp_path, **{name: taken_port}))

    assert f"Port {taken_port} cannot be used" in sentence
    assert f"{name}=" in sentence


def test_folder_that_cannot_be_written_is_a_start_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    sentence = start_error(newcomer_environment(tmp_path / "file" / "folder"))

    assert f"cannot write to {tmp_path / 'file' / 'folder'}" in sentence


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"PORT": "eight"}, "PORT should be a port number"),
        ({"SANDBOX_PORT": "65536"}, "SANDBOX_PORT should be a port number"),
        ({"PORT": "8001"}, "PORT and SANDBOX_PORT are both 8001"),
    ],
)
def test_invalid_port_is_named(given: dict[str, str], expected: str) -> None:
    with pytest.raises(demo.DemoError, match=expected):
        demo.read_ports(given)


def test_sandbox_is_as_strict_as_certification_on_demand() -> None:
    commands = [
        demo.sandbox_command({"SANDBOX_CERTIFICATION": text}, 8001, STATE)
        for text in ("", "off", "on")
    ]

    assert ["--certification" in command for command in commands] == [False, False, True]
    with pytest.raises(demo.DemoError, match="SANDBOX_CERTIFICATION should be on or off, not 'x'"):
        demo.sandbox_command({"SANDBOX_CERTIFICATION": "x"}, 8001, STATE)


def test_one_address_of_another_seqr_is_a_start_error(tmp_path: Path) -> None:
    given = {"SEQR_SERVICE_URL": "https://seqr.example/service"}

    sentence = start_error(newcomer_environment(tmp_path, **given))

    assert "SEQR_SESSION_URL is missing" in sentence


def test_given_settings_override_the_demo_defaults() -> None:
    given = {"PUBLIC_BASE_URL": "https://shop.example.se", "SEQR_CHANNEL": "WS", "DEBUG": ""}

    environment = demo.environment(given, PORTS, SECRETS, SERVERS)

    assert environment["PUBLIC_BASE_URL"] == "https://shop.example.se"
    assert "shop.example.se" in environment["ALLOWED_HOSTS"].split(",")
    assert environment["SEQR_CHANNEL"] == "WS"
    assert environment["DEBUG"] == "off"
    assert environment["SEQR_SERVICE_URL"] == "http://localhost:8001/soap/service"
    assert environment["ENCRYPTION_KEYS"] == "an encryption key"


def test_demo_listens_on_this_machine_alone() -> None:
    command = demo.sandbox_command({}, 8001, STATE)
    procfile = (ROOT / "Procfile").read_text()

    assert demo.environment({}, PORTS, SECRETS, SERVERS)["LISTEN_HOST"] == "127.0.0.1"
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert "--host ${LISTEN_HOST:-127.0.0.1} " in procfile


def test_demo_is_reached_from_a_phone_on_demand() -> None:
    given = {"LISTEN_HOST": demo.ALL_ADDRESSES, "PUBLIC_BASE_URL": "http://192.168.1.5:8000"}

    command = demo.sandbox_command(given, 8001, STATE)
    environment = demo.environment(given, PORTS, SECRETS, SERVERS)

    assert command[command.index("--host") + 1] == environment["LISTEN_HOST"] == demo.ALL_ADDRESSES
    assert command[command.index("--public-url") + 1] == "http://192.168.1.5:8001"
    assert environment["SEQR_APP_URL"] == "http://192.168.1.5:8001/app/"
    assert environment["SEQR_SERVICE_URL"] == "http://localhost:8001/soap/service"
    assert "192.168.1.5" in environment["ALLOWED_HOSTS"].split(",")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"LISTEN_HOST": "everywhere"}, "LISTEN_HOST should be 127.0.0.1 or 0.0.0.0"),
        ({"LISTEN_HOST": demo.ALL_ADDRESSES}, "PUBLIC_BASE_URL is missing"),
    ],
)
def test_unusable_listen_host_is_named(given: dict[str, str], expected: str) -> None:
    with pytest.raises(demo.DemoError, match=expected):
        demo.read_listen_host(given)


def test_another_seqr_keeps_its_own_app_addresses() -> None:
    given = {
        "SEQR_SERVICE_URL": "https://seqr.example/service",
        "SEQR_SESSION_URL": "https://seqr.example/session",
    }

    environment = demo.environment(given, PORTS, SECRETS, SERVERS)

    assert not demo.uses_sandbox(given)
    assert environment["SEQR_SERVICE_URL"] == "https://seqr.example/service"
    assert "SEQR_APP_URL" not in environment
    assert "SEQR_LEAVE_URL" not in environment


def test_demo_secrets_are_generated_once_and_private(tmp_path: Path) -> None:
    first = demo.load_secrets(tmp_path / "demo.json")
    second = demo.load_secrets(tmp_path / "demo.json")

    assert first == second
    assert len(first.secret_key) >= 50
    assert encryption_keys(first.encryption_key) == [first.encryption_key]
    assert first.terminal_password
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_demo_without_an_encryption_key_gets_one_and_keeps_its_other_secrets(
    tmp_path: Path,
) -> None:
    file = tmp_path / "demo.json"
    file.write_text(json.dumps({"secret_key": "a secret key", "staff_password": "a password"}))

    first = demo.load_secrets(file)
    second = demo.load_secrets(file)

    assert (first.secret_key, first.staff_password) == ("a secret key", "a password")
    assert encryption_keys(first.encryption_key) == [first.encryption_key]
    assert first == second


def test_run_prints_its_links_and_ctrl_c_stops_every_process(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    environment = newcomer_environment(folder)
    sandbox_url = f"http://localhost:{environment['SANDBOX_PORT']}/"
    running = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    # The processes that it has started would keep its output open.
    timeout = threading.Timer(START_TIMEOUT_SECONDS, os.killpg, (running.pid, signal.SIGINT))
    timeout.start()
    try:
        banner = read_until(running, "Ctrl-C stops everything")
        verdict = read_until(running, "runs the checks again")
        started = processes_started_by(running.pid)
        with urllib.request.urlopen(f"{sandbox_url}control/shops", timeout=30) as answer:  # noqa: S310 - the sandbox's
            shops = answer.read().decode()
        with urllib.request.urlopen(f"{sandbox_url}control/terminals", timeout=30) as answer:  # noqa: S310 - the sandbox's
            terminals = answer.read().decode()
        os.killpg(running.pid, signal.SIGINT)
        rest, _ = running.communicate(timeout=STOP_TIMEOUT_SECONDS)
    finally:
        timeout.cancel()
        running.kill()

    password = json.loads((folder / "demo.json").read_text())["staff_password"]
    assert sandbox_url in banner
    assert f"http://localhost:{environment['PORT']}/lyktan/order" in banner
    assert f"http://localhost:{environment['PORT']}/admin/" in banner
    assert f"user staff, password {password}" in banner
    assert f"http://localhost:{environment['PORT']}/hamnen/order" in banner
    assert "leader      Shift leader, Kafé Lyktan Hamnen" in banner
    assert "accountant  Accountant, all shops" in banner
    assert "Nothing is wrong" in verdict or "0 failed" in verdict  # a small disk is a warning
    assert "LYKTAN" in shops
    assert "HAMNEN" in shops
    assert "demo_hamnen" in terminals
    assert running.returncode == 0, rest
    assert len(started) >= 8  # PostgreSQL, Valkey, the sandbox and the five processes
    assert [process for process in started if is_alive(process)] == []


def read_until(running: subprocess.Popen[str], last_line: str) -> str:
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if last_line in line:
            return "".join(lines)
    pytest.fail("".join(["it stopped:\n", *lines]))


def processes_started_by(pid: int) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if owner(process).startswith(f"{pid}-")]


def owner(process: psutil.Process) -> str:
    try:
        value: str = process.environ().get(OWNER_VARIABLE, "")
    except psutil.Error:
        return ""
    return value
