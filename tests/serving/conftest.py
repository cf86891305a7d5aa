"""A customer session, and the web process of a deployment behind a proxy."""

from collections.abc import Iterator

import pytest

from orders.models import CustomerSession
from tests.factories import CustomerSessionFactory, ShopFactory
from tests.web_process import WebProcess

TOKEN = "0000002012-63506374"
METRICS_TOKEN = "token-of-the-monitor"
CUSTOMER_HEADERS = {  # as the proxy forwards them
    "Host": "localhost",
    "X-Forwarded-Proto": "https",
    "X-SEQR-Token": TOKEN,
    "Content-Type": "application/json",
}


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    log = tmp_path_factory.mktemp("web") / "log"
    with WebProcess(
        log,
        TRUSTED_PROXIES="1",
        PUBLIC_BASE_URL="https://localhost",
        METRICS_TOKEN=METRICS_TOKEN,
    ) as process:
        yield process


@pytest.fixture
def customer_session(transactional_db: None) -> CustomerSession:
    return CustomerSessionFactory.create(shop=ShopFactory.create(slug="lyktan"), token=TOKEN)
