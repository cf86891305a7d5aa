"""The evidence of a certification: a JSON file that says everything, and its digest.

The file is in a canonical form, so that its SHA-256, which the PDF states, is that of the content:
keys in the order of the alphabet, two spaces of indentation, UTF-8, a line feed at the end.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from payments.certification.certify import problem_of
from payments.certification.evidence_pdf import evidence_pdf
from payments.certification.progress import Progress
from payments.certification.state_file import write_whole
from payments.certification.steps import STEPS, TIDYING
from seqrshop import __version__

FORMAT = 1
JSON_NAME = "evidence.json"
PDF_NAME = "evidence.pdf"


def write_evidence(folder: Path, progress: Progress, now: str) -> str:
    """Write both files, and return the digest. `now` is the time in the evidence's form.

    Raises OSError.
    """
    content = evidence_of(progress, now)
    canonical = canonical_json(content)
    digest = sha256(canonical).hexdigest()
    write_whole(folder / JSON_NAME, canonical)
    write_whole(folder / PDF_NAME, evidence_pdf(content, digest))
    return digest


def canonical_json(content: dict[str, Any]) -> bytes:
    """Return JSON in the canonical form."""
    text = json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False)
    return f"{text}\n".encode()


def evidence_of(progress: Progress, now: str) -> dict[str, Any]:
    """Return the evidence as JSON holds it. Every value is a text, a number, or yes or no."""
    stored = progress.to_json()
    problem = problem_of(progress)
    return {
        "format": FORMAT,
        "software": f"seqrshop {__version__}",
        "plan": stored["plan"],
        "started_at": progress.started_at,
        "written_at": now,
        "result": "not passed" if problem else "passed",
        "problem": problem,
        "steps": [
            {
                "number": number,
                "key": step.key,
                "title": step.title,
                "requirement": step.requirement,
                "attempts": _attempts(stored, step.key),
            }
            for number, step in enumerate(STEPS, start=1)
        ],
        "cancelling_of_open_invoices": _attempts(stored, TIDYING),
        "invoices": stored["invoices"],
        "period": stored["period"],
        "transaction_period_id": progress.transaction_period_id,
    }


def _attempts(stored: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [each for each in stored["attempts"] if each["step"] == key]
