"""What is certified, from the options, the settings and the database; and what is refused."""

from __future__ import annotations

from argparse import Namespace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from orders.models import Terminal
from payments.certification.problem import CertificationProblem
from payments.certification.progress import Plan
from payments.certification.start import find_terminal, open_progress
from payments.certification.state_file import StateFile
from payments.management.commands.seqr_certify import Command
from seqrshop import __version__
from tests.factories import TerminalFactory
from tests.payments.certification.runs import options

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terminal(db: None) -> Terminal:
    """The terminal of the settings."""
    return TerminalFactory.create()


def plan_of(folder: Path, **changed: Any) -> Plan:
    return open_progress(StateFile(folder), options(folder, **changed)).plan


def parsed(*arguments: str) -> Namespace:
    return Command().create_parser("manage.py", "seqr_certify").parse_args(arguments)


def test_plan_without_options_is_the_settings_terminal_and_one_krona(
    tmp_path: Path, settings: Settings
) -> None:
    assert plan_of(tmp_path) == Plan(
        service_url=settings.SEQR_SERVICE_URL,
        terminal_id="public_test_shop_terminal",
        company="Lyktan Kafé AB",
        system=f"seqrshop {__version__}",
        amount="1.00",
        currency="SEK",
        is_sandbox=True,
    )


def test_plan_has_what_the_operator_has_asked_for(tmp_path: Path, settings: Settings) -> None:
    TerminalFactory.create(principal_id="till-2")

    plan = plan_of(
        tmp_path,
        company="x" * 80,
        terminal="till-2",
        amount=Decimal(100),
        currency="EUR",
        is_sandbox=False,
    )

    assert plan == Plan(
        service_url=settings.SEQR_SERVICE_URL,
        terminal_id="till-2",
        company="x" * 80,
        system=f"seqrshop {__version__}",
        amount="100.00",
        currency="EUR",
        is_sandbox=False,
    )


def test_only_terminal_in_use_is_found_without_its_id(terminal: Terminal) -> None:
    TerminalFactory.create(principal_id="retired", retired_at=timezone.now(), password="")

    assert find_terminal("") == terminal


def test_message_about_the_terminal_names_ten_at_most(terminal: Terminal) -> None:
    for number in range(10):
        TerminalFactory.create(principal_id=f"till-{number}", label=f"Till {number}")

    for principal_id in ("", "retired"):
        with pytest.raises(CertificationProblem) as problem:
            find_terminal(principal_id)
        named = str(problem.value).partition("terminals: ")[2].removesuffix(".").split(", ")
        assert len(set(named)) == 10


def test_message_about_the_terminal_says_where_there_is_none() -> None:
    Terminal.objects.update(retired_at=timezone.now(), password_ciphertext="")

    with pytest.raises(CertificationProblem) as problem:
        find_terminal("public_test_shop_terminal")

    assert str(problem.value) == "--terminal: name one of the shop's terminals: none."


def test_options_that_are_not_given_have_their_defaults() -> None:
    given = vars(parsed())

    assert {name: given[name] for name in OPTIONS} == OPTIONS


OPTIONS = {
    "company": "",
    "terminal": "",
    "amount": None,
    "currency": "",
    "folder": Path("certification"),
    "scan_seconds": 300,
    "sandbox": False,
    "resume": False,
    "yes": False,
}


@pytest.mark.parametrize("seconds", [1, 3600])
def test_seconds_for_a_scan_are_from_1_to_3600(seconds: int) -> None:
    assert parsed("--scan-seconds", str(seconds)).scan_seconds == seconds
