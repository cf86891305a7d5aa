"""SEQR behind a proxy that can misbehave, SEQR away, and two of the staff."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from payments.gateway import seqr
from tests.sandbox_process import SandboxProcess
from tests.seqr_proxy import SeqrProxy


def _reach_seqr_at(settings: Settings, address: str) -> None:
    settings.SEQR_SERVICE_URL = f"{address}/soap/service"
    settings.SEQR_SESSION_URL = f"{address}/soap/session"
    seqr.cache_clear()


@pytest.fixture
def seqr_proxy(sandbox: SandboxProcess, settings: Settings) -> Iterator[SeqrProxy]:
    """Everything said to SEQR goes through this proxy."""
    with SeqrProxy(sandbox.base_url) as proxy:
        _reach_seqr_at(settings, proxy.address)
        yield proxy
    seqr.cache_clear()


@pytest.fixture
def seqr_away(settings: Settings) -> Iterator[None]:
    """Nothing listens where SEQR should be."""
    _reach_seqr_at(settings, "http://127.0.0.1:9")
    yield
    seqr.cache_clear()


@pytest.fixture
def clerk() -> User:
    """One of the staff, who asks for refunds."""
    return User.objects.create_user("clerk")


@pytest.fixture
def boss() -> User:
    """Another, who approves them."""
    return User.objects.create_user("boss")
