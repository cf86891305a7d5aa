"""What the commands about a terminal's registration share: confirmation, passwords, errors."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.management.base import BaseCommand, CommandError

from payments.management.passwords import read_password
from payments.seqr import SeqrError, SeqrOutcomeUnknown
from payments.terminal_registration import PasswordNeeded

T = TypeVar("T")

MAX_LENGTH = 200  # of an ID and a name
CASH_REGISTER_WARNING = (
    "A terminal made with registerTerminal is a cash register: each new invoice on it cancels the "
    "one before. A web shop that uses it loses its customers' open payments. Use the terminal that "
    "SEQR has given you for the shop, and this one for a till only."
)


def add_confirmation(parser: ArgumentParser) -> None:
    """Add the flag without which nothing is sent to SEQR."""
    parser.add_argument(
        "--yes", action="store_true", help="do it; without this, nothing is sent to SEQR"
    )


def add_terminal(parser: ArgumentParser) -> None:
    """Add the terminal, and where its password is if it is not stored here."""
    parser.add_argument("--terminal", required=True, metavar="ID", help="SEQR's ID of the terminal")
    add_password_file(parser, "the terminal's password, if it is not stored here")


def add_password_file(parser: ArgumentParser, whose: str) -> None:
    """Add the option that names a password's file."""
    parser.add_argument(
        "--password-file", metavar="FILE", help=f"a file that holds {whose}; else it is asked for"
    )


def require_confirmation(command: BaseCommand, confirmed: bool, warning: str) -> None:
    """Print what the command does to a web shop. Raises CommandError unless it is confirmed."""
    command.stderr.write(warning)
    if not confirmed:
        raise CommandError("Nothing was sent to SEQR. Add --yes to do it.")


def require_text(option: str, text: str) -> str:
    """Return an option's text without spaces around it. Raises CommandError."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_LENGTH or not stripped.isprintable():
        raise CommandError(f"{option}: give 1 to {MAX_LENGTH} characters in one line.")
    return stripped


def with_password(call: Callable[[str | None], T], file: str | None) -> T:
    """Return what `call` does with a terminal's password: a file's, the stored or a typed one.

    A person is asked only if none is stored. Raises CommandError.
    """
    question = "The terminal's password"
    try:
        return call(None if file is None else read_password(file, question))
    except PasswordNeeded:
        return call(read_password(None, question))


@contextmanager
def errors_of_seqr(if_unknown: str) -> Iterator[None]:
    """Turn SEQR's errors into a CommandError; `if_unknown` says what to do after a lost answer."""
    try:
        yield
    except SeqrOutcomeUnknown as error:
        raise CommandError(f"{error} It may have been done. {if_unknown}") from None
    except SeqrError as error:
        raise CommandError(f"{error} Nothing was changed at SEQR.") from None
