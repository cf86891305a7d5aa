"""The commands in docs/sandbox.md run as written and return what the page shows."""

import re
import subprocess
from pathlib import Path

import pytest

from payments.sandbox.control import latency_input
from payments.sandbox.control.fault_input import PARAMETERS
from payments.sandbox.faults.latency_profiles import LatencyKind
from payments.sandbox.faults.registry import Kind
from seqrshop.local import ROOT
from tests.sandbox_process import SandboxProcess

PAGE = (ROOT / "docs/sandbox.md").read_text()
MARK = "--- end of block ---"


def blocks() -> list[tuple[str, str | None]]:
    """Each block of commands, with the output that the page shows after it."""
    return [
        (commands, expected or None)
        for commands, expected in re.findall(
            r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", PAGE, re.DOTALL
        )
    ]


def normalized(text: str) -> str:
    """The text without numbers, keys and space between elements, which differ between runs."""
    without_keys = re.sub(r"[0-9a-f]{24,32}(?=<)", "KEY", text)
    without_numbers = re.sub(r"[\d.:+-]*\d[\d.:+-]*", "#", without_keys)
    return re.sub(r" +", " ", re.sub(r">\s+<", "><", without_numbers)).strip()


def test_commands_return_what_the_page_shows(sandbox: SandboxProcess, tmp_path: Path) -> None:
    script = "".join(f"{commands}\necho; echo '{MARK}'\n" for commands, _ in blocks())
    script = script.replace("http://127.0.0.1:8001", sandbox.base_url)
    # Do not call a shop that happens to run on its default port.
    script = script.replace("http://127.0.0.1:8000", "http://127.0.0.1:9")

    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )

    outputs = done.stdout.split(MARK)[:-1]
    assert done.stderr == ""
    assert len(outputs) == len(blocks())
    for (commands, expected), output in zip(blocks(), outputs, strict=True):
        if expected is not None:
            assert normalized(re.sub(r"}\s*{", "}\n{", output)) == normalized(expected), commands


@pytest.mark.parametrize("kind", PARAMETERS)
def test_every_kind_of_fault_is_documented_with_its_parameters(kind: Kind) -> None:
    (line,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)

    named = set(re.findall(r"`(\w+)`", line)) - {kind}
    assert named == set(PARAMETERS[kind]) - {"takes_effect"}
    assert ("choose" in line) is ("takes_effect" in PARAMETERS[kind])


@pytest.mark.parametrize("kind", LatencyKind)
def test_every_latency_profile_is_documented_with_its_defaults(kind: LatencyKind) -> None:
    (line,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)

    documented = dict(re.findall(r"`(\w+)` ([\d.]+)", line))
    parameters = latency_input.PARAMETERS[kind]
    assert documented == {name: str(each.default) for name, each in parameters.items()}
