"""Reads a command's password from a file, or from a person. It is never an argument, nor logged."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from django.core.management.base import CommandError

MAX_LENGTH = 200
MAX_FILE_BYTES = 4096  # what is longer is no password, and refused as one


def read_password(file: str | None, question: str, *, twice: bool = False) -> str:
    """Return the password in a file, or the one that a person types unseen. Raises CommandError.

    `twice` asks for it again, for a password that nothing else confirms.
    """
    if file is not None:
        return _require_password("--password-file", _content(file))
    if not sys.stdin.isatty():
        raise CommandError("Give the password in --password-file: nobody is there to be asked.")
    password = _require_password("The password", getpass(f"{question}: "))
    if twice and getpass(f"{question}, again: ") != password:
        raise CommandError("The two passwords differ. Nothing was sent to SEQR.")
    return password


def _content(file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_FILE_BYTES).decode()
    except (OSError, ValueError):
        raise CommandError("--password-file names a file that cannot be read.") from None


def _require_password(where: str, text: str) -> str:
    password = text.rstrip("\r\n")
    if not password or len(password) > MAX_LENGTH or not password.isprintable():
        raise CommandError(f"{where} must have 1 to {MAX_LENGTH} characters in one line.")
    return password
