"""Fixtures of the tests about terminals that are replaced and retired."""

import pytest
from pytest_django import Settings

from orders.models import Terminal
from tests.payments.terminal_steps import old_terminal


@pytest.fixture
def no_terminal_in_settings(settings: Settings) -> None:
    """All terminals are added in the admin: the settings would keep one in use."""
    settings.SEQR_TERMINAL_ID = ""


@pytest.fixture
def old() -> Terminal:
    """The terminal that is to be replaced."""
    return old_terminal()
