"""Where the CPU of a request in web goes: cProfile by the CPU time of the request's thread.

The server's own work and the status checks after a notification are in no request, and so in no
profile. A profiled request is slower, so only the shares count.
"""

import cProfile
import os
import pstats
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.http import HttpRequest, HttpResponse

FOLDER = "PROFILE_FOLDER"  # the variable with the folder for the profiles
REQUESTS_BETWEEN_DUMPS = 20
# The first part of a path, or of a built-in function's name, that fits decides.
GROUPS = (
    ("psycopg", "psycopg, with libpq"),
    ("/django/db/", "Django's ORM"),
    ("/django/template/", "Django's templates"),
    ("/django/", "Django, the rest"),
    ("/redis/", "Redis client and limits"),
    ("/limits/", "Redis client and limits"),
    ("/payments/seqr/", "SEQR's SOAP"),
    ("lxml", "SEQR's SOAP"),
    ("pycurl", "SEQR's SOAP"),
    ("/celery/", "Celery and kombu"),
    ("/kombu/", "Celery and kombu"),
    ("/orders/", "the shop's own code"),
    ("/payments/", "the shop's own code"),
    ("/seqrshop/", "the shop's own code"),
    ("/site-packages/", "other libraries"),
)
OTHER = "Python's library and built-in functions"

Function = tuple[str, int, str]  # file, line, name
Cost = tuple[int, int, float, float, object]  # calls, calls, seconds, seconds with callees, callers


class ProfilingMiddleware:
    """Profiles one request at a time; others meanwhile are not profiled."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._profile = cProfile.Profile(time.thread_time)
        self._lock = threading.Lock()
        self._requests = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Profile the rest of the middleware and the view."""
        if not self._lock.acquire(blocking=False):
            return self._get_response(request)
        try:
            return self._profile.runcall(self._get_response, request)
        finally:
            self._requests += 1
            if self._requests % REQUESTS_BETWEEN_DUMPS == 0:
                self._profile.dump_stats(Path(os.environ[FOLDER]) / f"{os.getpid()}.profile")
            self._lock.release()


def shares_of(folder: Path) -> Sequence[tuple[str, float]]:
    """Return each group's share of the CPU in the profiles of a folder, the largest first."""
    files = [str(file) for file in folder.glob("*.profile")]
    if not files:
        return []
    return shares(pstats.Stats(*files).stats)  # type: ignore[attr-defined]  # typeshed lacks it


def shares(costs: Mapping[Function, Cost]) -> Sequence[tuple[str, float]]:
    """Return each group's share of the CPU, the largest first."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for (file, _, name), (_, _, own, _, _) in costs.items():
        seconds[group_of(f"{file} {name}")] += own
    total = sum(seconds.values()) or 1.0
    found = [(group, spent / total) for group, spent in seconds.items()]
    return sorted(found, key=lambda each: each[1], reverse=True)


def group_of(function: str) -> str:
    """Return the group of a function, which is given as its file and its name."""
    return next((group for part, group in GROUPS if part in function), OTHER)
