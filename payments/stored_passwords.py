"""The encrypted passwords and secrets: which of them can be read, and by which key."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg.errors import UndefinedColumn, UndefinedTable

from orders.encryption import UnreadableSecret, is_readable, reencrypt
from orders.models import SecondFactor, Seller, Terminal
from seqrshop.postgresql import connect_outside_pool

logger = logging.getLogger(__name__)

MAX_NAMED_OWNERS = 3  # in one sentence


class PasswordColumn(NamedTuple):
    """A column of encrypted passwords, and the column that names their owners, as by IDs at SEQR.

    `overriding_setting` has the ID of the one owner whose password is taken from the settings, if
    the settings can have one.
    """

    model: type[Seller] | type[Terminal] | type[SecondFactor]
    ciphertext: str
    principal: str
    overriding_setting: str = ""

    def rows(self) -> "QuerySet[Any, tuple[int, str, str]]":
        """Return key, ID at SEQR and ciphertext of each row that has a password."""
        return (
            self.model._default_manager.exclude(**{self.ciphertext: ""})
            .order_by("pk")
            .values_list("pk", self.principal, self.ciphertext)
        )

    def name(self, principal: str) -> str:
        """Return an owner's name for people, such as “terminal 87a3”."""
        noun = "authenticator of" if self.model is SecondFactor else self.model._meta.model_name
        return f"{noun} {principal}"


PASSWORD_COLUMNS = (
    PasswordColumn(Seller, "reseller_password_ciphertext", "reseller_id", "SEQR_RESELLER_ID"),
    PasswordColumn(Terminal, "password_ciphertext", "principal_id", "SEQR_TERMINAL_ID"),
    PasswordColumn(SecondFactor, "totp_ciphertext", "user__username"),
)


class UnreadablePasswords(Exception):
    """No key of ENCRYPTION_KEYS decrypts the passwords of these owners; the text is a sentence."""

    def __init__(self, owners: list[str]) -> None:
        named, others = owners[:MAX_NAMED_OWNERS], len(owners) - MAX_NAMED_OWNERS
        if others > 0:
            named.append(f"{others} more")
        *first, last = named
        super().__init__(
            "ENCRYPTION_KEYS has no key that decrypts the stored password of "
            f"{', '.join(first)}{' and ' if first else ''}{last}: see “Keys and passwords” in "
            "docs/keys.md."
        )


@dataclass(frozen=True)
class Reencryption:
    """How many passwords the first key has now encrypted, and how many it had before."""

    changed: int
    unchanged: int


def check_stored_passwords() -> None:
    """Raise UnreadablePasswords where a password that the shop uses cannot be decrypted.

    Connects for itself and once, so that a process that starts neither waits longer for a database
    that is away nor leaves a connection to the processes that it forks. Where the passwords cannot
    be read from the database, they are not checked; the gateway treats an unreadable one as wrong.
    """
    unreadable: list[str] = []
    try:
        with connect_outside_pool(connection) as connected:
            for column in PASSWORD_COLUMNS:
                rows = connected.execute(*column.rows().query.sql_with_params()).fetchall()
                used = getattr(settings, column.overriding_setting, "")
                unreadable += _unreadable(column, (row for row in rows if row[1] != used))
    except (UndefinedTable, UndefinedColumn):
        return  # of a database that is not migrated yet
    except psycopg.Error as error:
        logger.warning("the stored passwords are not checked: %s", type(error).__name__)
        return
    if unreadable:
        raise UnreadablePasswords(unreadable)


def reencrypt_passwords() -> Reencryption:
    """Encrypt every password with the first key, each row in a transaction of its own.

    Raises UnreadablePasswords, and changes nothing, where one of them cannot be decrypted.
    """
    unreadable = [_unreadable(column, column.rows()) for column in PASSWORD_COLUMNS]
    if owners := list(chain(*unreadable)):
        raise UnreadablePasswords(owners)
    results = [
        _reencrypt_row(column, pk, principal)
        for column in PASSWORD_COLUMNS
        for pk, principal, _ in column.rows()
    ]
    return Reencryption(results.count(True), results.count(False))


def forget_unreadable_passwords() -> list[str]:
    """Erase each password that no key decrypts, and return the names of their owners."""
    forgotten = []
    for column in PASSWORD_COLUMNS:
        for pk, principal, ciphertext in column.rows():
            if not is_readable(ciphertext) and _forget_row(column, pk):
                forgotten.append(column.name(principal))
    return forgotten


def _unreadable(column: PasswordColumn, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for _, principal, ciphertext in rows:
        if not is_readable(ciphertext):
            yield column.name(principal)


@transaction.atomic
def _reencrypt_row(column: PasswordColumn, pk: int, principal: str) -> bool:
    """Return whether the ciphertext has changed."""
    before = _locked_ciphertext(column, pk)
    try:
        after = reencrypt(before)
    except UnreadableSecret:  # stored since the check, by a process with another key
        raise UnreadablePasswords([column.name(principal)]) from None
    if after == before:
        return False
    column.model._default_manager.filter(pk=pk).update(**{column.ciphertext: after})
    return True


@transaction.atomic
def _forget_row(column: PasswordColumn, pk: int) -> bool:
    """Return whether the password is still unreadable, and is now erased."""
    if is_readable(_locked_ciphertext(column, pk)):
        return False
    column.model._default_manager.filter(pk=pk).update(**{column.ciphertext: ""})
    return True


def _locked_ciphertext(column: PasswordColumn, pk: int) -> str:
    """Lock a row and return its ciphertext; "" for a row that has been deleted."""
    locked = column.model._default_manager.select_for_update(no_key=True).filter(pk=pk)
    return locked.values_list(column.ciphertext, flat=True).first() or ""
