"""From the customer's tap to the app: how long after the order is posted the app can be opened."""

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
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 10


def tap_to_app(bench: Bench) -> list[float]:
    """Order one after the other, from the real web process and worker; return the seconds."""
    bench.seqr.behave()
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
        url = _ask(connection, token, "POST", "/lyktan/orders", order)["url"]
        while time.monotonic() - began < PATIENCE_SECONDS:
            if _ask(connection, token, "GET", url)["app_url"]:
                return time.monotonic() - began
            time.sleep(LOOK_SECONDS)
    finally:
        connection.close()
    raise RuntimeError(f"the invoice is not sent:\n{bench.launcher.end_of_log('worker')}")


def _connect(bench: Bench, port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
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


def _ask(
    connection: http.client.HTTPConnection, token: str, method: str, path: str, body: object = None
) -> dict[str, Any]:
    headers = {"X-SEQR-Token": token, "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    if response.status >= 400:
        raise RuntimeError(f"{method} {path}: {response.status} {answer}")
    return answer
