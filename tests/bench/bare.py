"""The limit: a thread that only sends queries, with libcurl's multi interface.

The queries are written beforehand, and the answers are read into memory but not parsed. It has no
database, and no answer changes anything.
"""

import sys
import time
from collections import deque
from io import BytesIO

import pycurl

from payments.seqr.config import Credentials, SeqrConfig
from payments.seqr.status_codec import StatusRequest
from payments.seqr.transport import REQUEST_HEADERS

MAX_IN_FLIGHT = 800
FULL_SPEED_IN_FLIGHT = 64
MAX_WAIT_SECONDS = 0.1


def query_forever(
    config: SeqrConfig,
    credentials: Credentials,
    references: range,
    interval: float,
    max_in_flight: int,
) -> None:
    """Query each invoice every `interval` seconds, or with 0 as often as possible."""
    request = StatusRequest(config, credentials)
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, max_in_flight)
    idle = [_handle(config.service_url) for _ in range(max_in_flight)]
    start = time.monotonic()
    due = deque(
        (start + interval * place / len(references), request.encode(str(reference), 1, "bare"))
        for place, reference in enumerate(references)
    )
    while True:
        now = time.monotonic()
        while idle and due[0][0] <= now:
            at, query = due.popleft()
            due.append((at + interval, query))
            handle, body = idle.pop()
            body.seek(0)
            handle.setopt(pycurl.POSTFIELDS, query)
            multi.add_handle(handle)
        multi.perform()
        left = 1
        while left:
            left, done, failed = multi.info_read()
            for handle in [*done, *(handle for handle, _, _ in failed)]:
                multi.remove_handle(handle)
                idle.append((handle, handle.body))
        wait = due[0][0] - time.monotonic() if idle else MAX_WAIT_SECONDS
        wait = max(0.0, min(wait, MAX_WAIT_SECONDS))
        if len(idle) == max_in_flight:
            time.sleep(wait)
        else:
            multi.select(wait)


def _handle(url: str) -> tuple[pycurl.Curl, BytesIO]:
    handle, body = pycurl.Curl(), BytesIO()
    handle.body = body
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.HTTPHEADER, REQUEST_HEADERS)
    handle.setopt(pycurl.NOSIGNAL, True)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.WRITEFUNCTION, body.write)
    return handle, body


if __name__ == "__main__":
    url, first, number, interval = sys.argv[1:]
    query_forever(
        SeqrConfig(
            service_url=url,
            session_url=url,
            client_id="seqrshop",
            channel="ClientWS",
            timeout_seconds=10,
            report_timeout_seconds=300,
            report_stall_seconds=30,
        ),
        Credentials(
            terminal_id="public_test_shop_terminal",
            terminal_password="12345678",
            reseller_id="public_test_shop",
            reseller_user_id="9900",
            reseller_password="1234",
        ),
        range(int(first), int(first) + int(number)),
        float(interval),
        MAX_IN_FLIGHT if float(interval) else FULL_SPEED_IN_FLIGHT,
    )
