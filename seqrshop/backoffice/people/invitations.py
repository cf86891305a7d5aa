"""Invitations: one-time links with which a colleague joins, or sets a new password.

Nobody sets another person's password. The link has a token in its fragment, which browsers send to
no server and no log has; the database has the token's digest.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from orders.audit import by_staff, record_user_event
from orders.clock import database_now
from orders.models import EventName, Invitation, Shop, StaffAccess
from seqrshop.backoffice.accounts import group_label

INVITATION_LIFETIME = timedelta(days=7)
PASSWORD_LINK_LIFETIME = timedelta(hours=24)
TOKEN_BYTES = 32


class InvitationOver(Exception):
    """The link is unknown, used, withdrawn or too old."""


class NameTaken(Exception):
    """Another person has this user name."""


@transaction.atomic
def invite(
    actor: Any, group: Group, *, all_shops: bool, shops: Iterable[Shop], recipient: str
) -> tuple[Invitation, str]:
    """Store an invitation of a new colleague; return it and its link.

    The caller has checked that the actor may give the group.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        token_digest=_digest(token),
        group=group,
        all_shops=all_shops,
        recipient=recipient,
        created_by=actor,
        expires_at=database_now() + INVITATION_LIFETIME,
    )
    invitation.shops.set(() if all_shops else shops)
    record_user_event(
        actor, EventName.COLLEAGUE_INVITED, by_staff(actor), detail=_described(invitation)
    )
    return invitation, _link(token)


@transaction.atomic
def make_password_link(actor: Any, user: User) -> tuple[Invitation, str]:
    """Store a link by which a colleague sets a new password; an earlier one is withdrawn."""
    Invitation.objects.filter(user=user, group=None, used_at=None).delete()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        token_digest=_digest(token),
        user=user,
        recipient=user.get_username(),
        created_by=actor,
        expires_at=database_now() + PASSWORD_LINK_LIFETIME,
    )
    record_user_event(user, EventName.PASSWORD_LINK_CREATED, by_staff(actor))
    return invitation, _link(token)


def waiting_invitations() -> QuerySet[Invitation]:
    """Return the invitations of colleagues that wait to be accepted, the newest first."""
    rows = Invitation.objects.filter(_VALID, group__isnull=False)
    return rows.select_related("group", "created_by").prefetch_related("shops").order_by("-id")


@transaction.atomic
def withdraw(actor: Any, invitation_id: int) -> bool:
    """Withdraw an invitation that nobody has accepted; return whether there was one."""
    rows = Invitation.objects.select_for_update(no_key=True)
    invitation = rows.filter(_VALID, pk=invitation_id).first()
    if invitation is None:
        return False
    detail = _described(invitation)
    invitation.delete()
    record_user_event(actor, EventName.INVITATION_WITHDRAWN, by_staff(actor), detail=detail)
    return True


def invitation_of(token: str) -> Invitation:
    """Return the invitation that a token opens. Raises InvitationOver."""
    rows = Invitation.objects.select_related("group", "user", "created_by")
    invitation = rows.filter(_VALID, token_digest=_digest(token)).first()
    if invitation is None or not invitation.created_by.is_active:
        raise InvitationOver
    return invitation


@transaction.atomic
def accept(token: str, username: str, name: str, password: str) -> User:
    """Use up an invitation: make the colleague, or set the password. Return the person.

    Of a link for a new password, `username` and `name` are ignored. Raises InvitationOver,
    NameTaken.
    """
    locked = Invitation.objects.select_for_update(no_key=True).filter(token_digest=_digest(token))
    if not locked.exists():
        raise InvitationOver
    invitation = invitation_of(token)
    if invitation.group is None:
        user = _set_password(invitation, password)
    else:
        user = _add_colleague(invitation, username, name, password)
    Invitation.objects.filter(pk=invitation.pk).update(user=user, used_at=Now())
    return user


def _set_password(invitation: Invitation, password: str) -> User:
    user = invitation.user
    assert user is not None
    if not user.is_active:
        raise InvitationOver
    user.set_password(password)
    user.save(update_fields=["password"])
    record_user_event(user, EventName.PASSWORD_CHANGED, by_staff(user), detail="by a link")
    return user


def _add_colleague(invitation: Invitation, username: str, name: str, password: str) -> User:
    assert invitation.group is not None
    user = User(username=username, first_name=name, is_staff=True)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise NameTaken from error
    user.groups.add(invitation.group)
    access = StaffAccess.objects.create(user=user, all_shops=invitation.all_shops)
    access.shops.set(invitation.shops.all())
    record_user_event(
        user,
        EventName.INVITATION_ACCEPTED,
        by_staff(user),
        detail=f"{_described(invitation)}, invited by {invitation.created_by}",
    )
    return user


def shops_of(invitation: Invitation) -> list[str]:
    """Return the names of an invitation's shops; none stands for all shops."""
    return [] if invitation.all_shops else [str(shop) for shop in invitation.shops.all()]


def role_of(invitation: Invitation) -> str:
    """Return the label of an invitation's role."""
    return "" if invitation.group is None else group_label(invitation.group)


def _described(invitation: Invitation) -> str:
    group = "" if invitation.group is None else invitation.group.name
    return f"{group}: {', '.join(shops_of(invitation)) or 'all shops'}"


def _link(token: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}{reverse('staff:invitation')}#{token}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_VALID = Q(used_at=None, expires_at__gt=Now())
