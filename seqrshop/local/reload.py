"""Restarts the processes of `make dev` when their code or templates change."""

from collections.abc import Sequence
from pathlib import Path

from watchfiles import PythonFilter

CODE = ("orders", "payments", "seqrshop")
TEMPLATES = ("templates", "locale")
IGNORED = ("payments/sandbox", "seqrshop/local")  # no process of the Procfile imports them


class CodeFilter(PythonFilter):
    """Selects Python code, templates and translations; the watchfiles command makes it."""

    def __init__(self, *, ignore_paths: Sequence[str | Path] | None = None) -> None:
        super().__init__(ignore_paths=ignore_paths, extra_extensions=(".html", ".mo"))


def reloading(name: str, command: str) -> str:
    """Return a shell command that restarts a process of the Procfile at each change.

    Static files need no restart: with DEBUG on, each request reads them from the disk.
    """
    folders = CODE + TEMPLATES if name == "web" else CODE
    options = f"--filter {__name__}.CodeFilter --ignore-paths {','.join(IGNORED)}"
    # The shell expands ${PORT:-8000} within the double quotes.
    return f'watchfiles --target-type command {options} "{command}" {" ".join(folders)}'
