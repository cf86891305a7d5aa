"""Runs programs of the shop in forks of a process that has imported their libraries.

A program that is started anew spends most of its CPU on imports. Other tests start each kind of
program as its user does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from seqrshop.local import ROOT

TIMEOUT_SECONDS: Final = 60.0


def run_forked(command: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Python program in ROOT, with this environment and no other variable.

    `command` begins with `python` or with the name of a program of this environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        request = {"argv": list(command), "env": dict(env), "outputs": list(map(str, outputs))}
        exit_code = _server().exit_code_of(request)
        stdout, stderr = (output.read_text() for output in outputs)
    return subprocess.CompletedProcess(list(command), exit_code, stdout, stderr)


class _Server:
    """The process that forks. It ends with this process, which closes its input."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def exit_code_of(self, request: Mapping[str, object]) -> int:
        """Run a program, and return its exit code. Kills it after TIMEOUT_SECONDS, and fails."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        timeout = threading.Timer(TIMEOUT_SECONDS, os.killpg, (self._process.pid, signal.SIGKILL))
        timeout.start()
        try:
            answer = self._process.stdout.readline()
        finally:
            timeout.cancel()
        assert answer, f"{request['argv']} has not ended within {TIMEOUT_SECONDS:.0f} seconds"
        return int(answer)


@cache
def _server() -> _Server:
    return _Server()
