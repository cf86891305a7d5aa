"""What tests of every part share."""

import time
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from orders import limits
from payments import checks
from payments.gateway import seqr
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    """Let pages be rendered without collecting static files first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Count from zero in each test."""
    limits.forget()


@pytest.fixture(autouse=True)
def _no_check_outlives_its_test() -> Iterator[None]:
    """Wait for the checks that a test has started, before its database is emptied."""
    yield
    deadline = time.monotonic() + 10
    while checks.under_way():
        assert time.monotonic() < deadline, "a check of the web process does not end"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """Run one sandbox for the whole run."""
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess, settings: Settings) -> Iterator[SandboxProcess]:
    """An empty sandbox, which the settings lead to."""
    sandbox_process.reset()
    settings.SEQR_SERVICE_URL = sandbox_process.service_url
    settings.SEQR_SESSION_URL = sandbox_process.session_url
    settings.SEQR_APP_URL = sandbox_process.app_url
    seqr.cache_clear()
    yield sandbox_process
    seqr.cache_clear()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so, for 5 seconds at most."""

    def wait(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not is_so():
            assert time.monotonic() < deadline, "it did not come to pass within 5 seconds"
            time.sleep(0.02)

    return wait
