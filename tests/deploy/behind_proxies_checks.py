"""What a proxy in front of two web processes has to do; each function checks one promise."""

from __future__ import annotations

import json
import re
import signal
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http.client import HTTPResponse
from typing import Any

from tests.deploy.customer import Response, api_headers
from tests.deploy.machines import PROCESSES, Shop
from tests.deploy.proxies import SHOP_HOST

FIRST_EVENT_SECONDS = 2.0
PAID_EVENT_SECONDS = 3.0
PAID_WITHOUT_POLLER_SECONDS = 10.0
SLOW_SEQR_SECONDS = 3.0
FORGED_ADDRESS = "203.0.113.9"
FORGED_REQUEST_ID = "an-id-that-a-customer-has-written"
numbers = iter(range(1, 1_000))


def msisdn() -> str:
    """Return the phone number of another customer."""
    return f"4670{next(numbers):07d}"


def health_checks(shop: Shop, _proxy: str) -> str:
    """The health check of each container passes on its machine."""
    for name in PROCESSES:
        done = shop.health_check(name)
        assert done.returncode == 0, f"{name}: {done.stdout}"
    return f"{len(PROCESSES)} processes"


def whole_doctor(shop: Shop, _proxy: str) -> str:
    """The doctor on the machine of a web process finds nothing that has failed."""
    done = shop.doctor("web-1")
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()[-1]


def tls(shop: Shop, proxy: str) -> str:
    """The page is sent by TLS with one HSTS header, http leads there, another host to nowhere."""
    page = shop.phone(proxy).request("GET", "/lyktan/order")
    assert page.status == 200, page.status
    assert len(page.headers["strict-transport-security"]) == 1
    address, customer = shop.machines[proxy].address, shop.machines["customer"]
    with customer.connect(address, 80, 5.0) as plain:
        plain.sendall(f"GET /lyktan/order HTTP/1.1\r\nHost: {SHOP_HOST}\r\n\r\n".encode())
        head = plain.recv(4096).decode()
    assert re.match(r"HTTP/1.1 30[18] ", head), head
    assert f"https://{SHOP_HOST}/lyktan/order" in head
    with customer.connect(address, 443, 5.0) as raw, suppress(ssl.SSLError, ConnectionError):
        shop.trusted.wrap_socket(raw, server_hostname="other.example.se").close()
        raise AssertionError("another host's name got a certificate")
    return head.splitlines()[0]


def http2(shop: Shop, proxy: str) -> str:
    """A browser's HTTP/2 carries the page, and a stream whose first event is there at once."""
    visit = shop.phone(proxy).order(shop.sandbox, msisdn())
    address = shop.machines[proxy].address
    curl = [
        *("curl", "--http2", "--silent", "--no-buffer", "--max-time", str(FIRST_EVENT_SECONDS)),
        *("--cacert", str(shop.folder / "ca.pem"), "--resolve", f"{SHOP_HOST}:443:{address}"),
        *("--header", f"X-SEQR-Token: {visit.token}", "--write-out", "HTTP/%{http_version}"),
        f"https://{SHOP_HOST}/orders/{visit.order}/events",
    ]
    command = shop.machines["customer"].command(*curl)
    received = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    shop.sandbox.act(visit.reference, "cancel")
    assert "event: order" in received, received
    assert received.endswith("HTTP/2"), received[-20:]
    return "HTTP/2"


def closed_addresses(shop: Shop, proxy: str) -> str:
    """The metrics and the health are closed to the public, with the right token too."""
    headers = {"Authorization": f"Bearer {shop.metrics_token}"}
    for path in ("/metrics", "/health", "/health/live"):
        status = shop.phone(proxy).request("GET", path, headers=headers).status
        assert status == 403, f"{path} got {status}"
    return "403"


def journey_and_stream(shop: Shop, proxy: str) -> str:
    """A customer orders and pays; the open page reads of it at once."""
    phone = shop.phone(proxy)
    visit = phone.order(shop.sandbox, msisdn())
    began = time.monotonic()
    with phone.opened(
        "GET", f"/orders/{visit.order}/events", headers=api_headers(visit.token)
    ) as stream:
        assert stream.status == 200, stream.status
        first = _next_order(stream)
        first_after = time.monotonic() - began
        assert first["state"] == "awaiting_payment", first["state"]
        paid_at = time.monotonic()
        shop.sandbox.pay(visit.reference)
        while _next_order(stream)["state"] != "paid":
            pass
        paid_after = time.monotonic() - paid_at
    assert first_after < FIRST_EVENT_SECONDS, f"the first event came after {first_after:.1f} s"
    assert paid_after < PAID_EVENT_SECONDS, f"the payment was shown after {paid_after:.1f} s"
    notified = shop.sandbox.calls("notification")
    assert notified, "SEQR sent no notification"
    return f"first event after {first_after * 1000:.0f} ms, paid after {paid_after * 1000:.0f} ms"


def _next_order(stream: HTTPResponse) -> dict[str, Any]:
    kind = ""
    while line := stream.readline().decode().rstrip("\n"):
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        if line.startswith("data: ") and kind in ("order", ""):
            found: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return found
    return _next_order(stream) if not stream.isclosed() else {}


def large_bodies(shop: Shop, proxy: str) -> str:
    """A body above 128 KB is refused by the proxy; the staff's uploads reach web."""
    phone = shop.phone(proxy)
    headers = {"Content-Type": "application/json"}
    refused = phone.request("POST", "/lyktan/orders", b" " * 200 * 1024, headers)
    assert refused.status == 413, refused.status
    assert not _is_of_web(refused), "web received the body"
    allowed = phone.request("POST", "/lyktan/orders", b" " * 120 * 1024, headers)
    assert _is_of_web(allowed), f"the proxy answered {allowed.status}"
    upload = phone.request("POST", "/admin/orders/product/add/", b" " * 2**21, headers)
    assert _is_of_web(upload), f"the proxy refused an upload with {upload.status}"
    return f"413; an upload of 2 MB gets web's own {upload.status}"


def _is_of_web(response: Response) -> bool:
    return "content-security-policy" in response.headers


def forged_addresses(shop: Shop, proxy: str) -> str:
    """Web counts the customer's own address, whatever the customer writes into the headers.

    The id of the request is the proxy's too.
    """
    phone = shop.phone(proxy)
    before = _failed_sign_ins(shop)
    forged = {
        "X-Forwarded-For": f"{FORGED_ADDRESS}, {FORGED_ADDRESS}",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example.com",
        "Forwarded": f"for={FORGED_ADDRESS};proto=http",
        "X-Request-ID": FORGED_REQUEST_ID,
    }
    page = phone.request("GET", "/admin/login/", headers=forged)
    assert page.status == 200, f"the sign-in page got {page.status}"
    assert page.headers["x-request-id"] != [FORGED_REQUEST_ID]
    cookie = page.headers["set-cookie"][0].split(";")[0]
    field = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
    assert field, "the sign-in page has no form"
    form = f"csrfmiddlewaretoken={field[1].decode()}&username=nobody&password=wrong"
    sent = {
        **forged,
        "Cookie": cookie,
        "Referer": f"https://{SHOP_HOST}/admin/login/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    phone.request("POST", "/admin/login/", form.encode(), sent)
    own = shop.machines["customer"].address
    lines = _failed_sign_ins(shop)[len(before) :]
    assert lines, "web logged no failed sign-in"
    assert all(f"from {own} failed" in line for line in lines), lines
    return f"logged as {own}"


def _failed_sign_ins(shop: Shop) -> list[str]:
    logs = [(shop.folder / f"{web}.log").read_text() for web in ("web-1", "web-2")]
    return [line for log in logs for line in log.splitlines() if "sign-in of" in line]


def killed_web(shop: Shop, proxy: str) -> str:
    """Requests that one web process has accepted and not answered are answered by the other."""
    phone, web = shop.phone(proxy), shop.processes["web-1"]
    visits = [phone.order(shop.sandbox, msisdn()) for _ in range(8)]
    web.process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(32) as threads:
        sent = [
            threads.submit(phone.call, method, path, visit.token, body)
            for visit in visits
            for method, path, body in (
                ("GET", f"/orders/{visit.order}", None),
                ("POST", "/lyktan/session", {"token": visit.token}),
                ("POST", f"/orders/{visit.order}/cancel", None),
            )
        ]
        time.sleep(1.0)
        waiting = sum(not each.done() for each in sent)
        web.kill()
        statuses = _statuses(sent)
    shop.restart("web-1")
    assert waiting, "no request was at the web process that was killed"
    assert set(statuses) == {200}, statuses
    return f"{waiting} of {len(sent)} requests were sent to the other, all got 200"


def stopped_web(shop: Shop, proxy: str) -> str:
    """A web process that gets SIGTERM finishes its requests, and ends its streams at once."""
    phone, web = shop.phone(proxy), shop.processes["web-2"]
    streaming = phone.order(shop.sandbox, msisdn())
    shop.sandbox.set_latency("getClientSessionInfo", "constant", seconds=SLOW_SEQR_SECONDS)
    tokens = [
        str(shop.sandbox.scan("HTTP://SEQR.SE/000/LYKTAN", msisdn())["token"]) for _ in range(6)
    ]
    ended: list[float] = []

    def stream() -> None:
        path = f"/orders/{streaming.order}/events"
        with phone.opened("GET", path, headers=api_headers(streaming.token)) as response:
            response.read()
        ended.append(time.monotonic())

    with ThreadPoolExecutor(16) as threads:
        streams = [threads.submit(stream) for _ in range(3)]
        sent = [
            threads.submit(phone.call, "POST", "/lyktan/session", token, {"token": token})
            for token in tokens
        ]
        time.sleep(1.0)
        waiting = sum(not each.done() for each in sent)
        stopped_at = time.monotonic()
        seconds = web.stop(within=30.0)
        statuses = _statuses(sent)
        first_end = min(ended, default=time.monotonic() + 99) - stopped_at
        shop.sandbox.clear_latency()
        shop.restart("web-2")
        shop.sandbox.act(streaming.reference, "cancel")
        for each in streams:
            each.result(timeout=60)
    assert waiting, "no request was in progress"
    assert set(statuses) == {200}, statuses
    assert first_end < 2.0, f"the streams ended after {first_end:.1f} s"
    return f"{waiting} requests in progress got 200; stopped in {seconds:.1f} s"


def load_beside_restarts(shop: Shop, proxy: str) -> str:
    """No request of customers who look and order fails while each web process is restarted."""
    phone = shop.phone(proxy)
    visits = [phone.order(shop.sandbox, msisdn()) for _ in range(4)]
    statuses: Counter[int | str] = Counter()
    stop = threading.Event()

    def look(number: int) -> None:
        visit = visits[number]
        while not stop.is_set():
            for method, path in (("GET", "/lyktan/order"), ("GET", f"/orders/{visit.order}")):
                statuses[_status(partial(phone.call, method, path, visit.token))] += 1
            stop.wait(0.3)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(len(visits))]
    for thread in threads:
        thread.start()
    for name in ("web-1", "web-2"):
        time.sleep(1.0)
        shop.processes[name].stop()
        time.sleep(1.0)
        shop.restart(name)
    time.sleep(1.0)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}, statuses
    return f"{statuses[200]} requests"


def logged_keys(shop: Shop, proxy: str) -> str:
    """The proxy's logs have no key of a notification, and no query."""
    phone = shop.phone(proxy)
    phone.request("GET", "/return/a-secret-key?q=070-1234567")
    phone.request("POST", "/notify/a-secret-key")
    texts = [path.read_text(errors="replace") for path in shop.folder.glob(f"**/{proxy}*.log")]
    texts += [path.read_text() for path in (shop.folder / proxy).glob("*.log")]
    for text in texts:
        assert "a-secret-key" not in text
        assert "1234567" not in text
    return f"{sum(map(len, texts))} bytes of logs"


def killed_poller(shop: Shop, proxy: str) -> str:
    """A payment is recorded without a notification, and without the poller that held its shard."""
    phone = shop.phone(proxy)
    shop.sandbox.fault("notification", "lost")
    visit = phone.order(shop.sandbox, msisdn())
    shop.processes["poller-1"].kill()
    paid_at = time.monotonic()
    shop.sandbox.pay(visit.reference)
    while time.monotonic() < paid_at + PAID_WITHOUT_POLLER_SECONDS:
        if phone.call("GET", f"/orders/{visit.order}", visit.token).json()["state"] == "paid":
            return f"recorded {time.monotonic() - paid_at:.1f} s after the payment"
        time.sleep(0.25)
    raise AssertionError(f"not recorded within {PAID_WITHOUT_POLLER_SECONDS:.0f} s")


def _statuses(sent: list[Future[Response]]) -> Counter[int | str]:
    return Counter(_status(each.result) for each in sent)


def _status(call: Callable[[], Response]) -> int | str:
    try:
        return call().status
    except OSError as error:
        return type(error).__name__
