"""Measures the time from the order's POST until the app can be opened."""

import http.client
import json
import time
from typing import Any

from orders.models import Product
from orders.services import create_session
from tests.bench.designs import Bench
from tests.bench.measure import prepare

WARM_UP_ORDERS = 10
ORDERS = 40
POLL_SECONDS = 0.01
TIMEOUT_SECONDS = 10


def tap_to_app(bench: Bench) -> list[float]:
    """Place orders one after the other; return the seconds of each."""
    bench.seqr.set_behaviour()
    prepare(bench, 0)
    port = int(bench.launcher.env["PORT"])
    product = Product.objects.create(
        shop=bench.shop.shop, name_sv="Kanelbulle", name_en="Cinnamon bun", price="45.00"
    )
    with bench.launcher.nested() as launcher:
        launcher.start_from_procfile("worker", bench.cores.worker)
        launcher.start_from_procfile("web", bench.cores.rest)
        taken = []
        for number in range(WARM_UP_ORDERS + ORDERS):
            token = f"0000002012-{number:08}"
            create_session(
                bench.shop.shop,
                token,
                msisdn=f"4670{number:07}",
                subscriber_key=f"tap-{number}",
                parameters={},
            )
            taken.append(_order(bench, port, token, product.pk))
    return taken[WARM_UP_ORDERS:]


def _order(bench: Bench, port: int, token: str, product: int) -> float:
    connection = _connect(bench, port)
    order = {"nonce": f"nonce-{token}", "rows": [{"product": product, "quantity": 1}]}
    began = time.monotonic()
    try:
        url = _request(connection, token, "POST", "/lyktan/orders", order)["url"]
        while time.monotonic() - began < TIMEOUT_SECONDS:
            if _request(connection, token, "GET", url)["app_url"]:
                return time.monotonic() - began
            time.sleep(POLL_SECONDS)
    finally:
        connection.close()
    raise RuntimeError(f"the invoice is not sent:\n{bench.launcher.end_of_log('worker')}")


def _connect(bench: Bench, port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"web does not answer:\n{bench.launcher.end_of_log('web')}"
                ) from None
            time.sleep(0.1)
        else:
            return connection


def _request(
    connection: http.client.HTTPConnection, token: str, method: str, path: str, body: object = None
) -> dict[str, Any]:
    headers = {"X-SEQR-Token": token, "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    if response.status >= 400:
        raise RuntimeError(f"{method} {path}: {response.status} {answer}")
    return answer
