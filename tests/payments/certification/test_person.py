"""A person scans the codes that the terminal shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from orders.screen_code import BLACK_ON_WHITE, RESET, terminal_lines
from payments.certification.calls import utc_now
from payments.certification.certify import problem_of
from payments.certification.customer import RealPauses
from payments.certification.evidence import write_evidence
from payments.certification.problem import StepFailed
from tests.factories import TerminalFactory
from tests.payments.certification.runs import PlantingScreen, SandboxPauses, certify, options
from tests.sandbox_process import SandboxProcess

CODE = "HTTP://SEQR.SE/R17954605412345"
PIXELS = 4
DARK = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def read_from_terminal(lines: Sequence[str]) -> list[str]:
    """Return the texts of the codes in a terminal's lines, as a phone's camera reads them."""
    rows: list[list[bool]] = []
    for line in lines:
        upper, lower = zip(*(DARK[character] for character in line), strict=True)
        rows += [list(upper), list(lower)]
    image = Image.new("L", (len(rows[0]), len(rows)), 255)
    image.putdata([0 if dark else 255 for row in rows for dark in row])
    large = image.resize((image.width * PIXELS, image.height * PIXELS))
    return [found.text for found in zxingcpp.read_barcodes(large)]


def modules(text: str) -> list[str]:
    """Return the lines of a code without their colours."""
    return re.findall(f"{re.escape(BLACK_ON_WHITE)}(.*){re.escape(RESET)}", text)


def test_code_in_the_terminal_can_be_scanned_and_fits_a_small_window() -> None:
    lines = modules("\n".join(terminal_lines(CODE)))

    assert read_from_terminal(lines) == [CODE]
    assert len(lines) <= 20
    assert {len(line) for line in lines} == {33}


class Phone(PlantingScreen):
    """Reads the terminal's latest code, and does what the terminal says."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        super().__init__(sandbox)
        self.has_pressed_enter = False

    def task(self, sentence: str) -> None:
        super().task(sentence)
        self.has_pressed_enter = "press Enter" in sentence
        if "pay it with your PIN" in sentence:
            shown = self.text.rpartition("HTTP://")[0].rpartition("getPaymentStatus")[2]
            (code,) = read_from_terminal(modules(shown))
            self._sandbox.pay(code.removeprefix("HTTP://SEQR.SE/R"))


class PhonePauses(SandboxPauses):
    """The person presses Enter when the terminal asks for it."""

    def __init__(self, sandbox: SandboxProcess, phone: Phone) -> None:
        super().__init__(sandbox)
        self._phone = phone

    def enter_pressed(self, _seconds: float, /) -> bool:
        return self._phone.has_pressed_enter


@pytest.mark.django_db
def test_person_passes_the_certification_by_what_the_terminal_shows(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    TerminalFactory.create()
    phone = Phone(sandbox)
    pauses = PhonePauses(sandbox, phone)

    progress = certify(options(tmp_path, is_sandbox=False), phone, sandbox, pauses=pauses)

    assert problem_of(progress) == ""
    assert "or on this device: seqr://SEQR.SE/R" in phone.text
    assert pauses.slept == 30 + 2 + 3  # two cancelled invoices, and the report


@pytest.mark.django_db
def test_polls_do_not_push_the_code_out_of_sight(sandbox: SandboxProcess, tmp_path: Path) -> None:
    TerminalFactory.create()
    screen = PlantingScreen(sandbox)

    progress = certify(options(tmp_path, is_sandbox=False, scan_seconds=20), screen, sandbox)

    after_code = screen.text.rpartition("then press Enter here.")[2].partition("failed")[0]
    assert after_code.strip() == ""
    write_evidence(tmp_path, progress, utc_now())
    pages = PdfReader(tmp_path / "evidence.pdf").pages
    assert "20 times" in "\n".join(page.extract_text() for page in pages)


def test_terminal_without_a_person_is_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)

        with pytest.raises(StepFailed, match="Nobody can press"):
            RealPauses().enter_pressed(0)
