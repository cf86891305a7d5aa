"""One sandbox process for all tests, reset before each."""

from collections.abc import Iterator

import pytest

from tests.sandbox import raw_soap
from tests.sandbox.code_coverage import covered_by_item
from tests.sandbox.raw_soap import SoapClient
from tests.sandbox.shop_server import ShopServer
from tests.sandbox_process import SandboxProcess


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "covers_codes(operation, *codes): the result codes that the test gets"
    )


@pytest.fixture(autouse=True)
def _check_covered_codes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check that a test gets the result codes that it is marked with."""
    raw_soap.received_codes.clear()
    yield
    assert covered_by_item(request.node) <= raw_soap.received_codes


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture(scope="session")
def configured_sandbox() -> Iterator[SandboxProcess]:
    """A sandbox with other times, a public address, and the shop CAFE from its command line."""
    with SandboxProcess(
        *("--reversal-seconds", "5"),
        *("--token-seconds", "60"),
        *("--public-url", "https://seqr.example/"),
        *("--shop", "CAFE=https://cafe.example/shop/"),
    ) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The sandbox after a reset."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def soap(sandbox: SandboxProcess) -> SoapClient:
    """A plain SOAP client of the sandbox."""
    return SoapClient(sandbox)


@pytest.fixture
def cafe(sandbox: SandboxProcess) -> SandboxProcess:
    """The sandbox with the shop CAFE at https://cafe.example."""
    sandbox.register_shop("CAFE", "https://cafe.example", name="Café Söder", codes=["TABLE=4"])
    return sandbox


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    """The web server of a shop."""
    with ShopServer() as shop:
        yield shop
