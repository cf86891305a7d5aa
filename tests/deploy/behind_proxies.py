"""python -m tests.deploy.behind_proxies: what customers get through nginx and Caddy."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from seqrshop.local import orphans
from tests.deploy import behind_proxies_checks as checks
from tests.deploy import namespaces
from tests.deploy.__main__ import ensure_deploy_programs
from tests.deploy.machines import Shop, run_shop

CHECKS: list[Callable[[Shop, str], str]] = [
    checks.tls,
    checks.http2,
    checks.closed_addresses,
    checks.journey_and_stream,
    checks.large_bodies,
    checks.forged_addresses,
    checks.killed_web,
    checks.stopped_web,
    checks.load_beside_restarts,
    checks.logged_keys,
]
MODULE = "tests.deploy.behind_proxies"


def main() -> int:
    """Run every check through each proxy, also after a failure; return 0 when all passed."""
    try:
        namespaces.enter(MODULE)
    except namespaces.NotPermitted as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    if not ensure_deploy_programs():
        return 1
    orphans.stop_orphans()
    with tempfile.TemporaryDirectory(
        prefix="seqrshop-proxies-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL and nginx run as other users
        began = time.monotonic()
        with run_shop(folder) as shop:
            _print(f"The shop is open after {time.monotonic() - began:.0f} s")
            results = [
                _run(shop, "nginx", check) for check in (checks.health_checks, checks.whole_doctor)
            ]
            results += [
                _run(shop, proxy, check) for proxy in ("nginx", "caddy") for check in CHECKS
            ]
            results.append(_run(shop, "nginx", checks.killed_poller))
    return 0 if all(results) else 1


def _run(shop: Shop, proxy: str, check: Callable[[Shop, str], str]) -> bool:
    began = time.monotonic()
    try:
        found, verdict = check(shop, proxy), "passed"
    except (AssertionError, OSError, ValueError, KeyError) as failure:
        found, verdict = f"{type(failure).__name__}: {failure}", "FAILED"
    name = check.__name__.replace("_", " ")
    _print(f"{proxy:<6}{name:<22}{verdict:<8}{time.monotonic() - began:>5.1f} s  {found}")
    return verdict == "passed"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
