"""A phone near the printed code of the shop CAFE."""

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox_process import SandboxProcess

CODE = "HTTP://SEQR.SE/000/CAFE?TABLE=4"


@pytest.fixture
def browser(cafe: SandboxProcess) -> Browser:
    """The phone's browser, without a scan."""
    return Browser(cafe)
