"""An honest customer at an address of their own: times what their phone and SEQR request.

`python -m tests.abuse.honest_customer`, with a configuration as JSON on standard input, writes the
seconds of each request to standard output, as JSON.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass

from tests.abuse.running_shop import Visit

TIMEOUT_SECONDS = 10.0
# Within the limits of one customer: five reads a second, one session a second.
INTERVAL_SECONDS = {"page": 0.5, "session": 1.5, "status": 0.25, "notify": 1.0, "health": 0.25}
KEPT_ALIVE_INTERVAL_SECONDS = 0.05  # so close that the kernel delays acknowledgements


@dataclass(frozen=True)
class Customer:
    """Where the customer is, and for how long."""

    port: int
    address: str
    seconds: float
    visit: Visit


@dataclass
class Timings:
    """The seconds of each request that succeeded, and the number of those that did not."""

    seconds: list[float]
    failures: list[str]


def measure(customer: Customer) -> dict[str, Timings]:
    """Make every kind of request again and again, each kind in a thread."""
    results = {kind: Timings([], []) for kind in (*INTERVAL_SECONDS, "kept alive")}
    threads = [
        threading.Thread(target=_repeat, args=(customer, kind, results[kind])) for kind in results
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _repeat(customer: Customer, kind: str, timings: Timings) -> None:
    ends_at = time.monotonic() + customer.seconds
    connection = _connect(customer)
    while (began_at := time.monotonic()) < ends_at:
        try:
            status = _request(customer, connection, kind)
        except (OSError, http.client.HTTPException) as error:
            timings.failures.append(type(error).__name__)
            connection.close()
        else:
            if status == 200:
                timings.seconds.append(time.monotonic() - began_at)
            else:
                timings.failures.append(str(status))
        if kind != "kept alive":
            connection.close()
            connection = _connect(customer)
        interval = INTERVAL_SECONDS.get(kind, KEPT_ALIVE_INTERVAL_SECONDS)
        time.sleep(max(0.0, began_at + interval - time.monotonic()))
    connection.close()


def _connect(customer: Customer) -> http.client.HTTPConnection:
    source = (customer.address, 0)
    return http.client.HTTPConnection(
        "127.0.0.1", customer.port, timeout=TIMEOUT_SECONDS, source_address=source
    )


def _request(customer: Customer, connection: http.client.HTTPConnection, kind: str) -> int:
    visit = customer.visit
    headers = {"X-SEQR-Token": visit.token}
    if kind == "page":
        connection.request("GET", "/lyktan/order", headers={"Accept": "text/html"})
    elif kind == "session":
        body = json.dumps({"token": visit.token})
        headers["Content-Type"] = "application/json"
        connection.request("POST", "/lyktan/session", body, headers)
    elif kind == "status":
        connection.request("GET", f"/orders/{visit.order}", headers=headers)
    elif kind == "notify":
        connection.request("POST", visit.notify_path)
    else:
        connection.request("GET", "/health/live")
    response = connection.getresponse()
    response.read()
    return response.status


def main() -> None:
    """Measure with the configuration on standard input."""
    given = json.load(sys.stdin)
    customer = Customer(**{**given, "visit": Visit(**given["visit"])})
    json.dump({kind: asdict(timings) for kind, timings in measure(customer).items()}, sys.stdout)


if __name__ == "__main__":
    main()
