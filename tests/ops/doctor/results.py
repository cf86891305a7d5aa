"""What a check of the doctor has found."""

from __future__ import annotations

from collections.abc import Iterable

from seqrshop.ops.doctor.finding import Finding, Level


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the level of each finding by its subject."""
    return {finding.subject: str(finding.level) for finding in findings}


def only(findings: Iterable[Finding]) -> Finding:
    """Return the only finding that is not ok."""
    (finding,) = [each for each in findings if each.level != Level.OK]
    return finding
