"""`make run`: runs the shop, the sandbox and their servers on this machine until Ctrl-C.

`make dev` passes `--dev`: DEBUG is on, and changed code restarts the processes. Tests of a running
shop pass `--without-doctor`: the doctor calls SEQR and writes to the audit.
"""

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any

import environ
from honcho.environ import parse_procfile

from seqrshop.local import ROOT, demo, orphans
from seqrshop.local.demo import DemoError, Ports
from seqrshop.local.development import publish_settings
from seqrshop.local.doctor_run import DoctorRun
from seqrshop.local.reload import reloading
from seqrshop.local.servers import ServerStartError, run_servers
from seqrshop.local.supervisor import Supervisor

START_TIMEOUT_SECONDS = 60


def main(arguments: list[str]) -> int:
    """Run the demo, and return the exit code: 0 after Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # for a terminal without Swedish letters
    if (ROOT / ".env").is_file():
        environ.Env.read_env(ROOT / ".env")
    try:
        return run(
            dict(os.environ),
            reload="--dev" in arguments,
            with_doctor="--without-doctor" not in arguments,
        )
    except (DemoError, ServerStartError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def run(given: Mapping[str, str], *, reload: bool = False, with_doctor: bool = True) -> int:
    """Run the demo with the settings in `given`, and return the exit code.

    With `reload`, DEBUG is on, and a change of the code restarts the processes that run it. The
    doctor runs at the end, unless `with_doctor` is off.

    Raises DemoError, ServerStartError, KeyboardInterrupt.
    """
    folder = Path(given.get("SEQRSHOP_LOCAL_DIR") or ROOT / ".local").resolve()
    ports, host = demo.read_ports(given), demo.read_listen_host(given)
    with_sandbox = demo.uses_sandbox(given)
    sandbox_command = (
        demo.sandbox_command(given, ports.sandbox, folder / "sandbox.json")
        if with_sandbox
        else None
    )
    with _exclusive_lock(folder):
        orphans.stop_orphans()
        _require_free_port("PORT", host, ports.shop)
        if with_sandbox:
            _require_free_port("SANDBOX_PORT", host, ports.sandbox)
        generated = demo.load_secrets(folder / demo.SECRETS_FILE)
        _print("Starting PostgreSQL and Valkey")
        with run_servers(
            folder,
            durable=True,
            database_url=given.get("DATABASE_URL"),
            redis_url=given.get("REDIS_URL"),
        ) as servers:
            env = {
                "STATIC_ROOT": str(folder / "static"),  # apart from other runs of this checkout
                **demo.environment(given, ports, generated, servers),
                **orphans.owner_environment(),
            }
            if reload:
                env |= {"DEBUG": "on", "WEB_CONCURRENCY": "1"}
            env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
            _print("Preparing the database and the demo's cafés")
            prepared = _prepare(env)
            if sandbox_command:
                _register_all(sandbox_command, env, ports.sandbox, prepared)
            with publish_settings(folder, env):
                # As in a deployment, no process of the shop can connect as the tables' owner.
                env["MIGRATION_DATABASE_URL"] = ""
                doctor = DoctorRun(env) if with_doctor else None
                return _supervise(
                    env, ports, prepared, sandbox_command, reload=reload, doctor=doctor
                )


def _supervise(
    env: dict[str, str],
    ports: Ports,
    prepared: dict[str, Any],
    sandbox_command: list[str] | None,
    *,
    reload: bool,
    doctor: DoctorRun | None,
) -> int:
    def announce() -> None:
        _wait_for_http(ports.shop, "/admin/login/")
        if sandbox_command:
            _wait_for_http(ports.sandbox, "/")
        _print(_banner(env, ports, prepared, bool(sandbox_command)))
        if doctor and (report := doctor.report()) is not None:
            _print(report)

    supervisor = Supervisor(on_started=announce)
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    if reload:
        processes = {name: reloading(name, command) for name, command in processes.items()}
    if sandbox_command:
        processes["sandbox"] = shlex.join(sandbox_command)
    for name, command in processes.items():
        # exec: the signal that stops a process reaches it without a shell in between.
        supervisor.add_process(name, f"exec {command}", env=env, cwd=str(ROOT))
    supervisor.loop()
    if doctor:
        doctor.stop()
    if supervisor.exited_process is None:
        return 0
    sys.stderr.write(f"{supervisor.exited_process} exited, so everything was stopped.\n")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _exclusive_lock(folder: Path) -> Iterator[None]:
    """Lock the demo's folder. Raises DemoError where another run holds the lock."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise DemoError(f"`make run` cannot write to {folder}: {error.strerror}.") from error
    with lock:
        # A process that honcho forks would share the lock, and may outlive this one.
        os.register_at_fork(after_in_child=lock.close)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Another command is using {folder}: stop that one first.") from None
        yield


def _require_free_port(name: str, host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DemoError(
                f"Port {port} cannot be used ({error.strerror}): free it, or choose another with "
                f"{name}=…, such as `{name}={port + 10} make run`."
            ) from None


def _prepare(env: dict[str, str]) -> dict[str, Any]:
    """Run seqrshop.local.prepare, and return its output. Raises DemoError."""
    completed = subprocess.run(
        [sys.executable, "-m", "seqrshop.local.prepare"],
        cwd=ROOT,
        env={**env, "DJANGO_SETTINGS_MODULE": "seqrshop.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if completed.returncode != 0:
        raise DemoError("The demo could not be prepared; the reason is above.")
    prepared: dict[str, Any] = json.loads(completed.stdout)
    return prepared


def _wait_for_http(port: int, path: str, is_running: Callable[[], bool] = lambda: True) -> None:
    """Wait until a server answers an HTTP request, with any status, or no longer runs."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and is_running():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return


def _register_all(
    sandbox_command: list[str], env: Mapping[str, str], port: int, prepared: dict[str, Any]
) -> None:
    """Register the demo's terminals and shops with the sandbox, before the shop calls it.

    The sandbox keeps them in its file, so it runs for this alone. Raises DemoError.
    """
    with subprocess.Popen(sandbox_command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as sandbox:
        try:
            _wait_for_http(port, "/", lambda: sandbox.poll() is None)
            if sandbox.poll() is not None:
                raise DemoError("The sandbox did not start; the reason is above.")
            for kind, name in (
                ("resellers", "reseller_id"),
                ("terminals", "terminal_id"),
                ("shops", "service_id"),
            ):
                for each in prepared[kind]:
                    _register(port, kind, each, str(each[name]))
        finally:
            sandbox.terminate()


def _register(port: int, kind: str, what: dict[str, object], name: str) -> None:
    """Register a shop, a terminal or a reseller with the sandbox, which may know it already."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/control/{kind}",
        data=json.dumps(what).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.CONFLICT:
            answer = error.read().decode(errors="replace")
            _print(f"The sandbox rejected {name}: {answer}")
    except OSError as error:
        _print(f"{name} could not be registered with the sandbox: {error}")


def _banner(
    env: Mapping[str, str], ports: Ports, prepared: dict[str, Any], with_sandbox: bool
) -> str:
    shop_url = f"http://localhost:{ports.shop}"
    shops: list[dict[str, str]] = prepared["shops"]
    names = [shop["name"] for shop in shops]
    phone = f"{demo.sandbox_url(env, ports.sandbox)}/" if with_sandbox else "the SEQR app"
    password = env["DEMO_PASSWORD"] if prepared["staff_password_works"] else "as you changed it"
    people: list[list[str]] = prepared["people"]
    lines = [
        f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} open.",
        "",
        f"  Phone       {phone}",
        "              scan a code, order, pay with any PIN",
        *(
            f"  {'Order page' if shop is shops[0] else '':<10}  {shop['order_url']}"
            for shop in shops
        ),
        "              needs a scan: open it from the phone",
        f"  Admin       {shop_url}/admin/",
        f"              user {demo.STAFF_USER}, password {password}",
        *(f"              {name:<10}  {what}" for name, what in people),
        "",
        "Ctrl-C stops everything.",
    ]
    width = max(map(len, lines))
    return "\n".join(["", "─" * width, *lines, "─" * width, ""])


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
