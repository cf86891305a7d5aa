"""One sandbox for all tests here, wiped before each."""

from collections.abc import Iterator

import pytest

from tests.sandbox import raw_soap
from tests.sandbox.notified_shop import NotifiedShop
from tests.sandbox.raw_soap import Soap
from tests.sandbox.shows import claims_of_item
from tests.sandbox_process import SandboxProcess


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "shows(operation, *codes): the result codes that the test sees"
    )


@pytest.fixture(autouse=True)
def _keeps_its_word(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that claims to show a result code has seen it."""
    raw_soap.seen.clear()
    yield
    assert claims_of_item(request.node) <= raw_soap.seen


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture(scope="session")
def tuned() -> Iterator[SandboxProcess]:
    """A sandbox with other times and a public address, and the service CAFE from the start."""
    with SandboxProcess(
        *("--reversal-seconds", "5"),
        *("--token-seconds", "60"),
        *("--public-url", "https://seqr.example/"),
        *("--shop", "CAFE=https://cafe.example/shop/"),
    ) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The sandbox, empty."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def soap(sandbox: SandboxProcess) -> Soap:
    """A bare SOAP client of the empty sandbox."""
    return Soap(sandbox)


@pytest.fixture
def cafe(sandbox: SandboxProcess) -> SandboxProcess:
    """The sandbox with one service, CAFE, at https://cafe.example."""
    sandbox.register_shop("CAFE", "https://cafe.example", name="Café Söder", codes=["TABLE=4"])
    return sandbox


@pytest.fixture
def shop() -> Iterator[NotifiedShop]:
    """A shop that SEQR can notify of payments."""
    with NotifiedShop() as shop:
        yield shop
