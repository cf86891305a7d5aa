"""`make abuse`: runs each attack against the shop beside an honest customer.

Writes the table "after" of docs/abuse.md; `--label before` writes the other, from a checkout of an
older version.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import Any

from seqrshop.local import ROOT
from tests.abuse import report
from tests.abuse.attack import ATTACKS
from tests.abuse.report import Row
from tests.abuse.running_shop import RunningShop, Visit, run_shop

CUSTOMER_ADDRESS, ATTACK_ADDRESS = "127.0.0.2", "127.0.0.66"
FROM_CUSTOMER_ADDRESS = "600 malformed tokens from the café's address"
SLOW_CALLS = {
    "SEQR's session service takes 4.5 s, 8 scans/s": ("getClientSessionInfo",),
    "SEQR's cancel takes 4.5 s, 2 cancels/s": ("cancelInvoice",),
}
SLOW_SECONDS = 4.5
LEAD_SECONDS = 2.0  # the attack runs before the customer comes
REST_SECONDS = 3.0  # after an attack, before the next
AT_REST = "none"


def main(arguments: list[str]) -> None:
    """Run the attacks and write their table."""
    parser = argparse.ArgumentParser(prog="python -m tests.abuse")
    parser.add_argument("--attack", action="append", help="a part of an attack's name")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each attack")
    parser.add_argument("--label", default="after", help="the table to write")
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument("--rounds", type=int, default=1, help="of all attacks; the last is written")
    given = parser.parse_args(arguments)
    chosen = [AT_REST, *(name for name in ATTACKS if _is_chosen(name, given.attack))]
    with run_shop() as shop:
        for _round in range(given.rounds):
            rows = [_measured(shop, name, given.seconds) for name in chosen]
            _print(f"the web processes have {shop.web_megabytes():.0f} MB at rest")
    if given.print:
        sys.stdout.write(report.table(rows))
    else:
        report.write(rows, given.label)


def _measured(shop: RunningShop, name: str, seconds: float) -> Row:
    """Run one attack, print what it did, and let the shop rest."""
    row = _measure(shop, name, seconds)
    _print(str(row))
    time.sleep(REST_SECONDS)
    return row


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _is_chosen(name: str, parts: list[str] | None) -> bool:
    return parts is None or any(part in name for part in parts)


def _measure(shop: RunningShop, name: str, seconds: float) -> Row:
    """Run one attack, and an honest customer beside it."""
    visit = shop.visit()
    facts = _facts(shop, name, seconds)
    for operation in SLOW_CALLS.get(name, ()):
        fault = {"operation": operation, "kind": "delay", "seconds": SLOW_SECONDS}
        shop.control("POST", "/faults", fault)
    address = CUSTOMER_ADDRESS if name == FROM_CUSTOMER_ADDRESS else ATTACK_ADDRESS
    memory_before, log_before = shop.web_megabytes(), shop.log_bytes
    target = {
        "port": shop.port,
        "address": address,
        "seconds": seconds + LEAD_SECONDS,
        "facts": facts,
    }
    attack = _start("tests.abuse.attack", name, given=target)
    time.sleep(LEAD_SECONDS)
    customer = _start(
        "tests.abuse.honest_customer",
        given={
            "port": shop.port,
            "address": CUSTOMER_ADDRESS,
            "seconds": seconds,
            "visit": vars(visit),
        },
    )
    peak = memory_before
    while customer.poll() is None:
        peak = max(peak, shop.web_megabytes())
        time.sleep(0.5)
    timings, outcomes = _result(customer), _result(attack)
    shop.control("DELETE", "/faults")
    log_kilobytes = (shop.log_bytes - log_before) / 1024
    return Row(name, timings, outcomes, memory_before, peak, log_kilobytes)


def _facts(shop: RunningShop, name: str, seconds: float) -> dict[str, Any]:
    if "session service" in name:
        return {"tokens": [shop.scan() for _ in range(int(8 * (seconds + LEAD_SECONDS)) + 1)]}
    if "cancels" in name:
        visits = [shop.visit() for _ in range(int(2 * (seconds + LEAD_SECONDS)) + 1)]
        return {"orders": [(each.order, each.token) for each in visits]}
    other: Visit = shop.visit()
    files = sorted(
        (file for file in shop.static_folder.rglob("*.js") if file.is_file()),
        key=lambda file: file.stat().st_size,
    )
    large = files[-1].relative_to(shop.static_folder) if files else "none"
    return {"large_file": f"/static/{large}", "order": other.order, "token": other.token}


def _start(module: str, *arguments: str, given: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    process.stdin = None
    return process


def _result(process: subprocess.Popen[str]) -> Any:
    output, _ = process.communicate(timeout=120)
    return json.loads(output)


if __name__ == "__main__":
    main(sys.argv[1:])
