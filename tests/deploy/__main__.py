"""python -m tests.deploy: check the files of deploy/ by their own linters (make deploy-check)."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from seqrshop.local.check import ensure_programs
from tests.deploy import compose, image, kubernetes, proxies, systemd
from tests.deploy.tools import CheckFailed

# By package, the command that fails without it.
DEBIAN_PACKAGES = {
    "curl": ["curl"],
    "iproute2": ["ip", "-V"],
    "nginx-light": ["nginx", "-v"],
    "systemd": ["systemd-analyze", "--version"],
}
CHECKS: dict[str, Callable[[Path], str]] = {
    "Dockerfile": image.check_dockerfile,
    "image's contents": image.check_contents,
    "SBOM": image.check_sbom,
    "compose file": compose.check,
    "systemd units": systemd.check,
    "nginx": proxies.check_nginx,
    "Caddy": proxies.check_caddy,
    "Kubernetes": kubernetes.check,
}


def ensure_deploy_programs() -> bool:
    """Install what the checks need, if we may. Return whether all of it is installed."""
    return ensure_programs(DEBIAN_PACKAGES)


def main() -> int:
    """Run every check, also after a failure; return 0 when all passed."""
    if not ensure_deploy_programs():
        return 1
    failures = 0
    for name, check in CHECKS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                found, verdict = check(Path(folder)), "passed"
            except CheckFailed as failure:
                found, verdict = str(failure), "FAILED"
                failures += 1
        seconds = time.monotonic() - began
        sys.stdout.write(f"{name:<18}{verdict:<8}{seconds:>5.1f} s  {found}\n")
        sys.stdout.flush()
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
