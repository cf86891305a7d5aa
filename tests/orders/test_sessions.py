"""Expired sessions are deleted, the customers' and the staff's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from orders.clock import database_now
from orders.models import CustomerSession
from orders.services import forget_expired_sessions, sessions
from tests.factories import CustomerSessionFactory

pytestmark = pytest.mark.django_db


def test_expired_sessions_of_customers_and_staff_are_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The staff's sessions stayed for ever, and one statement deleted all customers'."""
    monkeypatch.setattr(sessions, "DELETE_BATCH_SIZE", 2)
    now, minute = database_now(), timedelta(minutes=1)
    for number in range(3):
        CustomerSessionFactory.create(token=f"expired-{number}", expires_at=now - minute)
        Session.objects.create(session_key=f"expired-{number}", expire_date=now - minute)
    live = CustomerSessionFactory.create(token="live", expires_at=now + minute)
    Session.objects.create(session_key="live", expire_date=now + minute)

    deleted = forget_expired_sessions()

    assert deleted == 6
    assert CustomerSession.objects.get() == live
    assert Session.objects.get().session_key == "live"
