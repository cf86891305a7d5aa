"""What tests of every part share."""

import inspect
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings

from orders.models import CustomerSession, Product, Shop
from payments.gateway import forget_connections
from payments.polling import status_checks
from tests.database_roles import (
    TABLE_CLEANER,
    become_application_role,
    become_owner,
    let_tests_analyze,
)
from tests.factories import CustomerSessionFactory, ProductFactory, ShopFactory
from tests.fault_proxy import FaultProxy, use_seqr_at
from tests.migrated_database import migrated_database
from tests.prepared_cluster import CLUSTER_VARIABLE
from tests.redis_reset import reset_rate_limits
from tests.sandbox_process import SandboxProcess

TOKEN = "0000002012-63506374"


def pytest_configure() -> None:
    """Hash passwords fast, and let pages be rendered without collecting static files first.

    The tests' own passwords need no protection, and Django's hash takes a core.
    """
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django_settings.STORAGES = {**django_settings.STORAGES, "staticfiles": plain}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Let a busy machine take minutes to create and drop the tests' database.

    The database is a copy of a migrated one where several processes run the tests, or many runs
    share a cluster.
    """
    if {"PYTEST_XDIST_WORKER", CLUSTER_VARIABLE} & os.environ.keys():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()
    original = DatabaseWrapper._nodb_cursor

    @contextmanager
    def nodb_cursor(wrapper: DatabaseWrapper) -> Iterator[Any]:
        given = wrapper.settings_dict["OPTIONS"]
        wrapper.settings_dict["OPTIONS"] = {**given, "options": "-c statement_timeout=300s"}
        try:
            with original(wrapper) as cursor:
                yield cursor
        finally:
            wrapper.settings_dict["OPTIONS"] = given

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseWrapper, "_nodb_cursor", nodb_cursor)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the tests use the database as the application's role, and empty it as the owner.

    `migrate` has stored the terminal that the settings name, with its event; the tests store their
    own.
    """
    with pytest.MonkeyPatch.context() as patch:
        # Django's flush takes a fifth of a second for each test that commits.
        patch.setattr(
            TransactionTestCase, "_fixture_teardown", lambda _: TABLE_CLEANER.empty_tables()
        )
        with django_db_blocker.unblock():
            become_application_role()
            let_tests_analyze()
            TABLE_CLEANER.empty_tables()
        yield
        TABLE_CLEANER.close()
    with django_db_blocker.unblock():
        become_owner()


@pytest.fixture(autouse=True)
def _default_language() -> None:
    """Forget the language of the last request: Django keeps it for the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _receipts_are_numbered_at_once(request: pytest.FixtureRequest) -> None:
    """Number receipts where they are inserted, in a test whose transaction never commits."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or marker.kwargs.get("transaction"):
        return
    request.getfixturevalue("db")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS receipt_numbered_at_commit IMMEDIATE")


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Count from zero in each test."""
    reset_rate_limits()


@pytest.fixture(autouse=True)
def _row_locks_let_foreign_keys_be_checked() -> Iterator[None]:
    """Find statements of a test that lock a row's key, for which inserts of other rows wait.

    Django's update_or_create, which locks it, is left out.
    """
    found: list[str] = []

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if " FOR UPDATE" in str(sql):
            callers = {frame.function for frame in inspect.stack(0)}
            found.extend([str(sql)] if "update_or_create" not in callers else [])
        return run(sql, *rest)

    with connection.execute_wrapper(execute):
        yield
    assert found == []


@pytest.fixture(autouse=True)
def _no_check_outlives_its_test() -> Iterator[None]:
    """Wait for the status checks of a test before its database is emptied."""
    yield
    deadline = time.monotonic() + 30
    while status_checks.checks_in_flight():
        assert time.monotonic() < deadline, "a status check does not end"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """Run one sandbox for the whole run, which refuses what certification would refuse."""
    with SandboxProcess("--certification") as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess, settings: Settings) -> Iterator[SandboxProcess]:
    """An empty sandbox at SEQR's address."""
    sandbox_process.reset()
    settings.SEQR_SERVICE_URL = sandbox_process.service_url
    settings.SEQR_SESSION_URL = sandbox_process.session_url
    settings.SEQR_APP_URL = sandbox_process.app_url
    forget_connections()
    yield sandbox_process
    forget_connections()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait up to 30 seconds for a condition."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "the condition did not hold within 30 seconds"
            time.sleep(0.02)

    return wait


@pytest.fixture
def seqr_proxy(sandbox: SandboxProcess, settings: Settings) -> Iterator[FaultProxy]:
    """Put this proxy between the shop and SEQR."""
    with FaultProxy(sandbox.port) as proxy:
        use_seqr_at(settings, proxy.address)
        yield proxy
    forget_connections()
    assert proxy.hook_errors == []


@pytest.fixture
def seqr_away(settings: Settings) -> Iterator[None]:
    """Let nothing listen at SEQR's address."""
    use_seqr_at(settings, "http://127.0.0.1:9")
    yield
    forget_connections()


@pytest.fixture
def clerk() -> User:
    """A member of staff who requests refunds."""
    return User.objects.create_user("clerk")


@pytest.fixture
def boss() -> User:
    """A member of staff who may approve them."""
    user = User.objects.create_user("boss")
    user.user_permissions.add(Permission.objects.get(codename="approve_refund"))
    return user


@pytest.fixture
def cafe(db: None) -> Shop:
    """The only shop."""
    return ShopFactory.create(name="Kafé Lyktan", slug="lyktan", service_id="LYKTAN")


@pytest.fixture
def bun(cafe: Shop) -> Product:
    """A cinnamon bun at 45.00."""
    return ProductFactory.create(shop=cafe)


@pytest.fixture
def coffee(cafe: Shop) -> Product:
    """A coffee at 32.50."""
    return ProductFactory.create(
        shop=cafe, name_sv="Bryggkaffe", name_en="Filter coffee", price=Decimal("32.50")
    )


@pytest.fixture
def customer_session(cafe: Shop) -> CustomerSession:
    """The session of a customer who has scanned a code in the café."""
    return CustomerSessionFactory.create(shop=cafe, token=TOKEN)


@pytest.fixture
def two_buns(bun: Product) -> dict[str, Any]:
    """The body of an order over 90.00."""
    return {"nonce": "nonce-of-this-order", "rows": [{"product": bun.pk, "quantity": 2}]}
