"""A tidy database, and the tests' own certificate authority, which the shop trusts."""

from pathlib import Path

import pytest
import trustme
from pytest_django import DjangoDbBlocker

from tests.database_roles import vacuum


@pytest.fixture(scope="module", autouse=True)
def _vacuumed_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Remove earlier tests' deleted rows, which the doctor would find in any number."""
    with django_db_blocker.unblock():
        vacuum()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, given in SSL_CERT_FILE."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority
