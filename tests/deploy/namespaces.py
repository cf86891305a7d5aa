"""Network namespaces of the test's own: machines that reach each other, and nothing else.

All of them are in a namespace of the test's process, which is gone when the process is.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
NETWORK = "10.99.0"
BRIDGE = "machines"
CHUNK_BYTES = 64 * 1024
INSIDE = "SEQRSHOP_TEST_INSIDE_NAMESPACES"
PROGRAMS = ("ip", "unshare", "mount")

_libc = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """No namespace can be made; the message is one sentence for a person."""


def enter(module: str) -> None:
    """Run `python -m module` in namespaces of its own; return in there alone.

    Raises NotPermitted.
    """
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        raise NotPermitted("Network namespaces need root: run the command as root.")
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise NotPermitted(f"{program} is missing: install Debian's iproute2 and util-linux.")
    unshare = ["unshare", "--net", "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        raise NotPermitted("This machine permits no network namespaces, as some containers do not.")
    command = [*unshare, sys.executable, "-m", module, *sys.argv[1:]]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})  # noqa: S606


def prepare(hosts: dict[str, str]) -> None:
    """Connect the machines-to-be, and name addresses for all of them: `hosts` by name."""
    _ip("link", "set", "lo", "up")
    Path("/run/netns").mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    names = Path("/run/netns/hosts")
    lines = {"localhost": "127.0.0.1", **hosts}
    names.write_text("".join(f"{address} {name}\n" for name, address in lines.items()))
    _run("mount", "--bind", str(names), "/etc/hosts")


class Machine:
    """A network namespace with a loopback of its own and one address."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.address = f"{NETWORK}.{number}"
        _ip("netns", "add", name)
        _ip("link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"to{number}", "master", BRIDGE, "up")
        _ip("-n", name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", name, "link", "set", device, "up")

    def command(self, *command: str) -> list[str]:
        """Return the command that runs another one on this machine."""
        return ["ip", "netns", "exec", self.name, *command]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let the calling thread make its sockets on this machine while the block runs."""
        here = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _set_namespace(there)
            yield
        finally:
            _set_namespace(here)
            os.close(there)
            os.close(here)

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        """Return a connection from this machine."""
        with self.entered():
            return socket.create_connection((address, port), timeout)


class Forwarder:
    """Lets machines reach ports of the test's loopback at their own, as if on one machine."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def forward(self, machine: Machine, port: int) -> None:
        """Forward this port of the machine's loopback to the same one of the test's."""
        with machine.entered():
            listener = socket.create_server(("127.0.0.1", port))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                target = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(_copy(reader, target[1]), _copy(target[0], writer))

        start = asyncio.start_server(serve, sock=listener)
        asyncio.run_coroutine_threadsafe(start, self._loop).result()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
