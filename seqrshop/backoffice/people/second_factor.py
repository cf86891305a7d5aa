"""The second factor of a member of staff: who needs one, and whether an attempt is right.

An attempt holds the lock of the person's row: two of them are one after another, so a code or a
recovery code is accepted once. Failures are counted in the row, not in Redis: guesses of a
six-digit code stay bounded while Redis is away.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import ChangeSource, by_staff, record_user_event
from orders.clock import database_now
from orders.encryption import UnreadableSecret
from orders.keyed_digest import keyed_digests
from orders.models import EventName, Passkey, SecondFactor, SourceName
from payments.staff_roles import SENSITIVE_PERMISSIONS
from seqrshop.backoffice.people.totp import step_of_code

FAILURES_BEFORE_REFUSAL = 5
REFUSAL = timedelta(minutes=10)
RECOVERY_CODES = 10
RECOVERY_CODE_LENGTH = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that look alike
BY_SIGN_IN = ChangeSource(SourceName.SIGN_IN)  # of a person who is not proven yet
SALT = "seqrshop.backoffice.recovery_code"


class TooManyAttempts(Exception):
    """The second factor was wrong too often; `seconds` is how long the person waits."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class LastFactor(Exception):
    """The person needs a second factor, and has no other one."""


def may_do_sensitive_things(user: Any) -> bool:
    """Return whether a person can refund or change settings or people."""
    return any(map(user.has_perm, SENSITIVE_PERMISSIONS))


def is_required(user: Any) -> bool:
    """Return whether a person must sign in with a second factor."""
    return settings.SECOND_FACTOR_REQUIRED and may_do_sensitive_things(user)


def has_app(user: Any) -> bool:
    """Return whether a person has an authenticator app."""
    return SecondFactor.objects.filter(user=user).exclude(totp_ciphertext="").exists()


def has_factor(user: Any) -> bool:
    """Return whether a person has an authenticator app or a passkey."""
    return has_app(user) or Passkey.objects.filter(user=user).exists()


def recovery_codes_left(user: Any) -> int:
    """Return the number of recovery codes that the person has not used."""
    row = SecondFactor.objects.filter(user=user).first()
    return len(row.recovery_digests) if row else 0


def step_now(secret: str, code: str) -> int | None:
    """Return the step of a new app's code that is right at this moment; else None."""
    return step_of_code(secret, code, now=time.time())


def check_code(user: User, code: str) -> bool:
    """Return whether a code of the app, or a recovery code, is right; it is used up then.

    Raises TooManyAttempts.
    """
    compact = "".join(code.split()).replace("-", "").lower()
    return _attempt(user, lambda row: _is_app_code(row, compact) or _is_recovery(row, compact))


def check_passkey(user: User, find: Callable[[list[Passkey]], tuple[Passkey, int] | None]) -> bool:
    """Return whether `find` finds a passkey of the person; it gets them and returns the new count.

    Raises TooManyAttempts.
    """

    def prove(_row: SecondFactor) -> bool:
        found = find(list(Passkey.objects.filter(user=user)))
        if found is None:
            return False
        passkey, count = found
        passkey.sign_count, passkey.last_used_at = count, database_now()
        passkey.save(update_fields=["sign_count", "last_used_at"])
        return True

    return _attempt(user, prove)


@transaction.atomic
def add_app(user: User, secret: str, step: int) -> None:
    """Store a person's authenticator app, whose code of `step` was right, instead of an earlier."""
    row = _locked(user)
    row.totp_secret, row.last_step = secret, step
    row.save(update_fields=["totp_ciphertext", "last_step"])
    record_user_event(user, EventName.AUTHENTICATOR_ADDED, by_staff(user))


@transaction.atomic
def remove_app(user: User) -> None:
    """Remove a person's authenticator app. Raises LastFactor."""
    row = _locked(user)
    if row.totp_ciphertext:
        _require_another(user)
        row.totp_ciphertext = ""
        row.save(update_fields=["totp_ciphertext"])
        record_user_event(user, EventName.AUTHENTICATOR_REMOVED, by_staff(user))


@transaction.atomic
def add_passkey(user: User, passkey: Passkey, name: str) -> None:
    """Store a passkey that a person's device has made."""
    _locked(user)
    passkey.user, passkey.name = user, name
    passkey.save()
    record_user_event(user, EventName.PASSKEY_ADDED, by_staff(user), detail=name)


@transaction.atomic
def remove_passkey(user: User, passkey_id: int) -> None:
    """Remove one of a person's passkeys; another person's is left unchanged. Raises LastFactor."""
    _locked(user)
    passkey = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if passkey is not None:
        _require_another(user)
        passkey.delete()
        record_user_event(user, EventName.PASSKEY_REMOVED, by_staff(user), detail=passkey.name)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Return new recovery codes, which replace the person's earlier ones."""
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    row = _locked(user)
    row.recovery_digests = [_digests(user, code)[0] for code in codes]
    row.save(update_fields=["recovery_digests"])
    record_user_event(user, EventName.RECOVERY_CODES_CREATED, by_staff(user))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


@transaction.atomic
def reset(user: User, source: ChangeSource) -> None:
    """Remove all factors of a person who has lost them. Another person or the operator decides."""
    assert source.actor != user
    _locked(user)
    SecondFactor.objects.filter(user=user).delete()
    Passkey.objects.filter(user=user).delete()
    record_user_event(user, EventName.SECOND_FACTOR_RESET, source)


def _require_another(user: User) -> None:
    """Raise LastFactor where a person who needs a factor has but one; the row is locked."""
    number = Passkey.objects.filter(user=user).count() + has_app(user)
    if number < 2 and is_required(user):
        raise LastFactor


def _attempt(user: User, is_right: Callable[[SecondFactor], bool]) -> bool:
    """Return whether an attempt is right, and count it if it is not. Raises TooManyAttempts."""
    with transaction.atomic():
        row = _locked(user)
        now = database_now()
        if row.refused_until is not None and row.refused_until > now:
            raise TooManyAttempts(int((row.refused_until - now).total_seconds()) + 1)
        success = is_right(row)
        row.failures = 0 if success else row.failures + 1
        row.refused_until = None
        if row.failures >= FAILURES_BEFORE_REFUSAL:
            row.failures, row.refused_until = 0, now + REFUSAL
        row.save(update_fields=["failures", "refused_until"])
        if not success:
            record_user_event(user, EventName.SECOND_FACTOR_FAILED, BY_SIGN_IN)
    return success


def _is_app_code(row: SecondFactor, code: str) -> bool:
    try:
        secret = row.totp_secret
    except UnreadableSecret:
        return False
    if not secret:
        return False
    step = step_of_code(secret, code, now=time.time(), after_step=row.last_step)
    if step is None:
        return False
    row.last_step = step
    row.save(update_fields=["last_step"])
    return True


def _is_recovery(row: SecondFactor, code: str) -> bool:
    known = [each for each in _digests(row.user, code) if each in row.recovery_digests]
    if not known:
        return False
    row.recovery_digests.remove(known[0])
    row.save(update_fields=["recovery_digests"])
    record_user_event(
        row.user,
        EventName.RECOVERY_CODE_USED,
        by_staff(row.user),
        detail=f"{len(row.recovery_digests)} left",
    )
    return True


def _locked(user: User) -> SecondFactor:
    """Return the person's row, locked until the transaction ends; the first call makes it."""
    SecondFactor.objects.get_or_create(user=user)
    return SecondFactor.objects.select_for_update(no_key=True).get(user=user)


def _new_recovery_code() -> str:
    return "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CODE_LENGTH))


def _digests(user: Any, code: str) -> list[str]:
    """Return the digests of a recovery code: without SECRET_KEY, no guess can be checked."""
    return keyed_digests(SALT, f"{user.pk}:{code}")
