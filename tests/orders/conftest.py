"""Fixtures: an audit of three days, with and without its digests."""

import pytest

from orders.audit_digest import digest_finished_days
from orders.models import AuditDigest
from tests.orders.audit_days import NIGHT, add_event


@pytest.fixture
def events(transactional_db: None) -> list[int]:
    """The ids of seven events: three of 1 July, none of the second, four of the third."""
    days = ["2026-07-01"] * 3 + ["2026-07-03"] * 4
    return [add_event(f"{day}T1{hour}:00:00+02:00") for hour, day in enumerate(days)]


@pytest.fixture
def digests(events: list[int]) -> list[AuditDigest]:
    """The digests of those three days."""
    return digest_finished_days(NIGHT)
