"""The page with one form: its focus stands where a person types first."""

from __future__ import annotations

import re

import pytest

from orders.clock import database_now
from orders.models import Terminal
from payments.models import PeriodStatus, TransactionPeriod
from tests.factories import TerminalFactory
from tests.staff import admin_url, superuser

pytestmark = pytest.mark.django_db

FOCUSED = re.compile(r'<input type="\w+" name="(\w+)"[^>]* autofocus')


@pytest.fixture
def address() -> str:
    """The address of the page on which a lost period is resolved."""
    terminal: Terminal = TerminalFactory.create()
    period = TransactionPeriod.objects.create(
        day="2026-11-23",
        terminal=terminal,
        status=PeriodStatus.LOST,
        marking_started_at=database_now(),
        marking_ended_at=database_now(),
    )
    return admin_url(TransactionPeriod, "resolve", period.pk)


def test_focus_stands_in_the_first_field(address: str) -> None:
    page = superuser().get(address).content.decode()

    assert set(FOCUSED.findall(page)) == {"closed"}


def test_focus_stands_in_the_first_field_with_an_error(address: str) -> None:
    page = superuser().post(address, {"closed": "yes", "reason": "by phone"}).content.decode()

    assert set(FOCUSED.findall(page)) == {"transaction_period_id"}
