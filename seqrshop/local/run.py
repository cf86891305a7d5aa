"""`make run`: the whole shop on this machine, until Ctrl-C."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import environ
from honcho.environ import parse_procfile

from seqrshop.local import demo, orphans
from seqrshop.local.demo import DemoError, Ports
from seqrshop.local.servers import ServerStartError, run_servers
from seqrshop.local.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 60


def main() -> int:
    """Run the demo, and return the exit code: 0 when it was asked to stop."""
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may know no Swedish letters
    if (ROOT / ".env").is_file():
        environ.Env.read_env(ROOT / ".env")
    try:
        return run(dict(os.environ))
    except (DemoError, ServerStartError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def run(given: Mapping[str, str]) -> int:
    """Run the demo with these settings. Raises DemoError, ServerStartError, KeyboardInterrupt."""
    folder = Path(given.get("SEQRSHOP_LOCAL_DIR") or ROOT / ".local").resolve()
    ports = demo.read_ports(given)
    with_sandbox = demo.uses_sandbox(given)
    with _only_one(folder):
        orphans.stop_orphans()
        _check_free("PORT", ports.shop)
        if with_sandbox:
            _check_free("SANDBOX_PORT", ports.sandbox)
        kept = demo.read_secrets(folder / "demo.json")
        _say("Starting PostgreSQL and Redis")
        with run_servers(
            folder,
            durable=True,
            database_url=given.get("DATABASE_URL"),
            redis_url=given.get("REDIS_URL"),
        ) as addresses:
            env = demo.environment(given, ports, kept, addresses) | orphans.owner_environment()
            env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
            _say("Preparing the database and the demo's café")
            prepared = _prepare(env)
            return _supervise(env, ports, prepared, with_sandbox)


def _supervise(
    env: dict[str, str], ports: Ports, prepared: dict[str, Any], with_sandbox: bool
) -> int:
    def greet() -> None:
        _wait_for_answer(ports.shop, "/admin/login/")
        if with_sandbox:
            _wait_for_answer(ports.sandbox, "/")
            for service in prepared["shops"]:
                _register(ports.sandbox, service)
        _say(_links(env, ports, prepared, with_sandbox))

    supervisor = Supervisor(when_started=greet)
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    if with_sandbox:
        processes["sandbox"] = shlex.join(
            [
                *(sys.executable, "-m", "payments.sandbox", "--port", str(ports.sandbox)),
                *("--public-url", f"http://localhost:{ports.sandbox}"),
            ]
        )
    for name, command in processes.items():
        # exec: no shell stands between us and the process that is told to stop.
        supervisor.add_process(name, f"exec {command}", env=env, cwd=str(ROOT))
    supervisor.loop()
    if supervisor.stopped_unasked is None:
        return 0
    sys.stderr.write(f"{supervisor.stopped_unasked} stopped by itself, so everything stopped.\n")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the demo's folder. Raises DemoError where another run holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # What honcho forks would hold the lock as well, and may outlive us.
        os.register_at_fork(after_in_child=lock.close)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Another `make run` is using {folder}: stop that one first.") from None
        yield


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as the web process will
        except OSError as error:
            raise DemoError(
                f"Port {port} cannot be used ({error.strerror}): free it, or give another with "
                f"{name}=…, such as `{name}={port + 10} make run`."
            ) from None


def _prepare(env: dict[str, str]) -> dict[str, Any]:
    """Run seqrshop.local.prepare, and return what it tells."""
    done = subprocess.run(
        [sys.executable, "-m", "seqrshop.local.prepare"],
        cwd=ROOT,
        env={**env, "DJANGO_SETTINGS_MODULE": "seqrshop.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DemoError("The demo could not be prepared; the reason is above.")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _wait_for_answer(port: int, path: str) -> None:
    """Wait until something speaks HTTP there, whatever it says."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return


def _register(port: int, service: dict[str, object]) -> None:
    """Tell the sandbox of a service: it keeps them in memory only."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/control/services",
        data=json.dumps(service).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as error:
        answer = error.read().decode(errors="replace")
        _say(f"The sandbox does not take the service {service['service_id']}: {answer}")
    except OSError as error:
        _say(f"The sandbox could not be told of {service['service_id']}: {error}")


def _links(
    env: Mapping[str, str], ports: Ports, prepared: dict[str, Any], with_sandbox: bool
) -> str:
    here = f"http://localhost:{ports.shop}"
    first = prepared["shops"][0]
    phone = f"http://localhost:{ports.sandbox}/" if with_sandbox else "the SEQR app"
    password = env["DEMO_PASSWORD"] if prepared["password_is_kept"] else "the one you gave it"
    lines = [
        f"{first['name']} is open.",
        "",
        f"  Phone       {phone}",
        "              scan a code, order, pay with any PIN",
        f"  Order page  {first['order_url']}",
        "              wants a scan: come here from the phone",
        f"  Admin       {here}/admin/",
        f"              user {demo.STAFF_USER}, password {password}",
        "",
        "Ctrl-C stops everything.",
    ]
    width = max(map(len, lines))
    return "\n".join(["", "─" * width, *lines, "─" * width, ""])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
