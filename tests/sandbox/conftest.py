"""One sandbox for all tests here, wiped before each."""

from collections.abc import Iterator

import pytest

from tests.sandbox.raw_soap import Soap
from tests.sandbox_process import SandboxProcess


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
        *("--service", "CAFE=https://cafe.example/shop/"),
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
    sandbox.register_service("CAFE", "https://cafe.example", name="Café Söder", codes=["TABLE=4"])
    return sandbox
