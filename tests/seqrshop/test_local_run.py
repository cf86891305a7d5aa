"""`make run`, from the refusal to start to the last process gone."""

import json
import os
import re
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
from django.conf import settings

from seqrshop.local import demo
from seqrshop.local.demo import Ports, Secrets
from seqrshop.local.orphans import OWNER_VARIABLE, is_alive
from seqrshop.local.servers import Servers, free_port
from seqrshop.settings import SETTING_NAMES

LINKS_SECONDS = 60
STOP_SECONDS = 20
COMMAND = [sys.executable, "-m", "seqrshop.local.run"]
SAID = subprocess.PIPE

PORTS = Ports(shop=8000, sandbox=8001)
KEPT = Secrets("a secret key", "a password")
ADDRESSES = Servers("postgresql://127.0.0.1/here", "redis://127.0.0.1/0")


def surroundings(folder: Path, **given: str) -> dict[str, str]:
    """Return an environment as a newcomer has it: none of our settings, two free ports."""
    ours = {*SETTING_NAMES, "DJANGO_SETTINGS_MODULE"}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "SEQRSHOP_LOCAL_DIR": str(folder),
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        **given,
    }


def refusal(environment: Mapping[str, str]) -> str:
    """Return the one sentence with which `make run` refuses to start."""
    refused = subprocess.run(
        COMMAND,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LINKS_SECONDS,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    return refused.stderr


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_one_sentence(tmp_path: Path, taken_port: str, name: str) -> None:
    sentence = refusal(surroundings(tmp_path, **{name: taken_port}))

    assert f"Port {taken_port} cannot be used" in sentence
    assert f"{name}=" in sentence


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"PORT": "eight"}, "PORT should be a port's number"),
        ({"SANDBOX_PORT": "65536"}, "SANDBOX_PORT should be a port's number"),
        ({"PORT": "8001"}, "PORT and SANDBOX_PORT are both 8001"),
    ],
)
def test_a_port_that_is_none_is_named(given: dict[str, str], expected: str) -> None:
    with pytest.raises(demo.DemoError, match=expected):
        demo.read_ports(given)


def test_one_address_of_another_seqr_is_not_enough(tmp_path: Path) -> None:
    sentence = refusal(surroundings(tmp_path, SEQR_SERVICE_URL="https://seqr.example/service"))

    assert "SEQR_SESSION_URL is missing" in sentence


def test_what_is_given_wins_over_the_demo() -> None:
    given = {"PUBLIC_BASE_URL": "https://shop.example.se", "SEQR_CHANNEL": "WS", "DEBUG": ""}

    made = demo.environment(given, PORTS, KEPT, ADDRESSES)

    assert made["PUBLIC_BASE_URL"] == "https://shop.example.se"
    assert "shop.example.se" in made["ALLOWED_HOSTS"].split(",")
    assert made["SEQR_CHANNEL"] == "WS"
    assert made["DEBUG"] == "off"
    assert made["SEQR_SERVICE_URL"] == "http://localhost:8001/soap/service"


def test_another_seqr_has_its_own_app() -> None:
    other = {
        "SEQR_SERVICE_URL": "https://seqr.example/service",
        "SEQR_SESSION_URL": "https://seqr.example/session",
    }

    made = demo.environment(other, PORTS, KEPT, ADDRESSES)

    assert not demo.uses_sandbox(other)
    assert made["SEQR_SERVICE_URL"] == "https://seqr.example/service"
    assert "SEQR_APP_URL" not in made
    assert "SEQR_LEAVE_URL" not in made


def test_the_demo_makes_up_its_secrets_once(tmp_path: Path) -> None:
    first = demo.read_secrets(tmp_path / "demo.json")
    second = demo.read_secrets(tmp_path / "demo.json")

    assert first == second
    assert len(first.secret_key) >= 50
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_it_prints_its_links_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    environment = surroundings(folder)
    running = subprocess.Popen(
        COMMAND,
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=SAID,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    patience = threading.Timer(LINKS_SECONDS, running.kill)
    patience.start()
    try:
        told = _read_until(running, "Ctrl-C stops everything")
        started = _started_by(running.pid)
        services = json.loads(
            _get(f"http://127.0.0.1:{environment['SANDBOX_PORT']}/control/services")
        )
        os.killpg(running.pid, signal.SIGINT)
        rest, _ = running.communicate(timeout=STOP_SECONDS)
    finally:
        patience.cancel()
        running.kill()

    password = json.loads((folder / "demo.json").read_text())["staff_password"]
    assert f"http://localhost:{environment['SANDBOX_PORT']}/" in told
    assert f"http://localhost:{environment['PORT']}/lyktan/order" in told
    assert f"http://localhost:{environment['PORT']}/admin/" in told
    assert f"user staff, password {password}" in told
    assert "LYKTAN" in json.dumps(services)
    assert running.returncode == 0, rest
    assert len(started) >= 7  # PostgreSQL, Redis and the five processes
    assert [process for process in started if is_alive(process)] == []


def _read_until(running: subprocess.Popen[str], closing: str) -> str:
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if re.search(closing, line):
            return "".join(lines)
    pytest.fail("".join(["it stopped:\n", *lines]))


def _started_by(pid: int) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _mark(process).startswith(f"{pid}-")]


def _mark(process: psutil.Process) -> str:
    try:
        mark: str = process.environ().get(OWNER_VARIABLE, "")
    except psutil.Error:
        return ""
    return mark


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - the sandbox's
        content: bytes = answer.read()
        return content
