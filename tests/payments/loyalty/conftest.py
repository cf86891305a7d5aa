from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments.loyalty import hook
from tests.payments.loyalty import hooks


@pytest.fixture
def club_hook(settings: Settings) -> None:
    """Use a hook that takes 4.50 off 45.00 for one card."""
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club"


@pytest.fixture
def short_hook_timeout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop waiting for a hook after 0.1 s, and let hooks that do not return end with the test."""
    monkeypatch.setattr(hook, "HOOK_TIMEOUT_SECONDS", 0.1)
    hooks.test_has_ended.clear()
    yield
    hooks.test_has_ended.set()
