"""Counts a person's clicks in Chromium, and reads how many docs/staff.md promises."""

from __future__ import annotations

import re
from enum import StrEnum

from playwright.sync_api import BrowserContext, Locator

from seqrshop.local import ROOT

STAFF_GUIDE = ROOT / "docs" / "staff.md"
CLICKS_OF_A_CHOICE = 2  # one opens a list, one chooses from it
# Pressing a button of the mouse, or touching; a key press is none, nor is what a script does.
REPORT_CLICKS = """addEventListener(
    "pointerdown", (event) => event.isTrusted && window.reportClick(), { capture: true },
);"""
TABLE_ROW = re.compile(r"^\| (?P<journey>[^|]+) \| [^|]+ \| [^|]+ \| (?P<clicks>\d+)[^|]* \|$")


class Journey(StrEnum):
    """What a member of staff does, as the first column of the table in docs/staff.md names it."""

    FIND = "find an order by any of its keys"
    SERVE = "serve an order"
    KITCHEN = "take an order through the kitchen, to served"
    UNDO = "undo the last step in the kitchen"
    PAUSE = "pause orders for 20 minutes, in the kitchen"
    SELL_OUT = "mark a product as sold out, from the first page"
    REFUND_ROW = "refund one of several products"
    REFUND_ALL = "refund a whole order"
    READ_REFUND = "find out what went back, by whom and why"
    APPROVE = "approve a refund"
    DECLINE = "decline a refund"
    CASE = "take the action that helps with a case"
    INVITE = "invite a colleague"
    JOIN = "join, as the invited colleague"
    ADD_FACTOR = "add an authenticator app, and keep the recovery codes"
    SIGN_IN = "sign in with its code"
    BULK = "serve, check or cancel all orders of a list"
    PROGRESS = "open the progress of a running action again, from the first page"
    STOP = "stop it"
    MISSING_RIGHT = "read which roles have a right that one lacks"


class ClickCounter:
    """Counts the clicks in the pages of a browser context from the next page that it opens."""

    def __init__(self, context: BrowserContext) -> None:
        self.number = 0
        context.expose_binding("reportClick", lambda _source: self._add(1))
        context.add_init_script(REPORT_CLICKS)

    def _add(self, number: int) -> None:
        self.number += number

    def choose(self, field: Locator, label: str) -> None:
        """Choose from a list, which Playwright does without a click and a person with two."""
        field.select_option(label=label)
        self._add(CLICKS_OF_A_CHOICE)

    def take(self) -> int:
        """Return the clicks since the last time, and count from zero again."""
        taken, self.number = self.number, 0
        return taken


def promised_clicks() -> dict[str, int]:
    """Return the clicks that docs/staff.md promises for each journey."""
    rows = map(TABLE_ROW.match, STAFF_GUIDE.read_text().splitlines())
    return {row["journey"]: int(row["clicks"]) for row in rows if row is not None}
