"""Imports the libraries of the shop, and forks for each program that it is asked to run.

    python -m tests.fork_server

A request is a line of standard input: the arguments, the environment, and the files for standard
output and error. The answer is a line with the exit code. The program begins as if it were started
anew: nothing of the shop is imported before the fork, nor a library that reads settings.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Final

# None of them imports redis-py, which seqrshop/__init__.py prepares for.
LIBRARIES: Final = (
    "babel.dates",
    "celery.bin.celery",
    "celery.concurrency.thread",
    "celery.worker.worker",
    "cryptography.fernet",
    "csp.middleware",
    "django.contrib.admin.options",
    "django.contrib.staticfiles.handlers",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.migrations.executor",
    "fido2.server",
    "PIL.Image",
    "prometheus_client",
    "psycopg_pool",
    "pycurl",
    "qrcode",
    "uvicorn.main",
    "whitenoise.middleware",
    "zeep",
)


def main() -> None:
    """Fork for each request, and run its program in the fork."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # else each fork would copy what it counts
    for line in sys.stdin:
        request = json.loads(line)
        if (pid := os.fork()) == 0:
            _become(request["env"], request["outputs"])
            _run(request["argv"])
            return
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(env: dict[str, str], outputs: list[str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    for stream, path in zip((sys.stdout, sys.stderr), outputs, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())


def _run(argv: list[str]) -> None:
    if argv[:2] == ["python", "-c"]:
        sys.argv = ["-c", *argv[3:]]
        exec(argv[2], {"__name__": "__main__"})  # noqa: S102 - the code of a test
        return
    if argv[:2] == ["python", "-m"]:
        sys.argv = argv[2:]
        runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
        return
    program, *arguments = argv[1:] if argv[0] == "python" else argv
    if argv[0] != "python":
        program = str(Path(sys.executable).parent / program)
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
