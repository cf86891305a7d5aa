"""Draws the rooms of the code from its imports: `make rooms`.

The drawing is a Mermaid flowchart between the markers of the pages in PAGES. An arrow means
"imports"; an import that follows from other arrows is left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import grimp

from seqrshop.local import ROOT

PAGES = (ROOT / "docs/architecture.md", ROOT / "docs/adr/0016-rooms-by-subject.md")
BLOCK = re.compile(r"(<!-- rooms -->\n).*?(<!-- /rooms -->)", re.DOTALL)
# The modules that a room consists of, with all below them. The longest module name decides.
ROOMS = {
    "serving": ["seqrshop.serving"],
    "storefront": ["seqrshop.storefront"],
    "backoffice": ["seqrshop.backoffice"],
    "ops": ["seqrshop.ops"],
    "streaming": ["seqrshop.streaming"],
    "tasks": ["payments.tasks"],
    "recovery": ["payments.recovery"],
    "privacy": ["payments.privacy"],
    "exports": ["payments.exports"],
    "closings": ["payments.closings"],
    "certification": ["payments.certification"],
    "reconciliation": ["payments.reconciliation"],
    "takings": ["payments.takings"],
    "polling": ["payments.polling"],
    "receipts": ["payments.receipts"],
    "refunds": ["payments.refunds"],
    "loyalty": ["payments.loyalty"],
    "purchases": ["payments.instant_checkout"],
    "invoices": ["payments.invoices"],
    "session": ["payments.session_exchange"],
    "availability": ["payments.availability"],
    "refund_status": ["payments.refund_transitions"],
    "cases": ["payments.cases"],
    "shared": [
        "payments.balance",
        "payments.call_audit",
        "payments.gateway",
        "payments.issue_receipts",
        "payments.leases",
    ],
    "models": ["payments.models"],
    "orders": ["orders"],
    "seqr": ["payments.seqr"],
    "process_metrics": ["seqrshop.process_metrics"],
    "telemetry": ["seqrshop.telemetry"],
    "sandbox": ["payments.sandbox"],
}
LABELS = {
    "purchases": "instant_checkout",
    "session": "session_exchange",
    "refund_status": "refund_transitions",
    "shared": "balance, call_audit, gateway, issue_receipts, leases",
    "models": "payments/models",
    "orders": "orders/",
    "seqr": "payments/seqr: SEQR's SOAP",
    "sandbox": "payments/sandbox: shares no code",
}


def main() -> int:
    """Write the drawing into every page."""
    picture = draw()
    for page in PAGES:
        page.write_text(with_picture(page, picture))
    return 0


def with_picture(page: Path, picture: str) -> str:
    """Return the page's text with this drawing between its markers."""
    return BLOCK.sub(lambda match: f"{match[1]}{picture}{match[2]}", page.read_text())


def draw() -> str:
    """Return the flowchart of today's imports."""
    imports = _reduced(_room_imports())
    lines = [f'    {room}["{LABELS.get(room, room)}"]' for room in ROOMS]
    lines += [
        f"    {importer} --> {imported}"
        for importer in ROOMS
        for imported in ROOMS
        if imported in imports[importer]
    ]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def _room_imports() -> dict[str, set[str]]:
    graph = grimp.build_graph("orders", "payments", "seqrshop")
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for module in graph.modules:
        importer = _room_of(module)
        for imported in map(_room_of, graph.find_modules_directly_imported_by(module)):
            if importer and imported and importer != imported:
                found[importer].add(imported)
    return found


def _room_of(module: str) -> str | None:
    room, longest = None, ""
    for candidate, names in ROOMS.items():
        for name in names:
            if f"{module}.".startswith(f"{name}.") and len(name) > len(longest):
                room, longest = candidate, name
    return room


def _reduced(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the imports without those that follow from others. The rooms have no cycles."""
    return {
        room: direct - set().union(*(_reachable(imports, other) for other in direct))
        for room, direct in imports.items()
    }


def _reachable(imports: dict[str, set[str]], room: str) -> set[str]:
    return imports[room].union(*(_reachable(imports, other) for other in imports[room]))


if __name__ == "__main__":
    sys.exit(main())
