"""A customer who walks through the shop and looks closely at each page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, WebError, expect

from tests.browser.layout import layout_faults
from tests.browser.stack import Scan, Stack
from tests.browser.steps import wait_until
from tests.walk.visible import broken_words, cover_of, cut_texts, texts_in_another_language

STANDS_STILL = """document.getAnimations().every(
    ({ effect, playState }) =>
        playState !== "running" || effect?.getComputedTiming().endTime === Infinity,
)"""


@dataclass
class Walker:
    """One customer with one browser: a language, "en" or "sv", and a size of the window.

    `problems` are those that do not stop the walk. A picture of each page is saved in `folder`, if
    there is one.
    """

    stack: Stack
    page: Page
    language: str
    folder: Path | None = None
    problems: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _pictures: int = 0
    _place: str = "the beginning"

    def __post_init__(self) -> None:
        self.page.context.on("console", self._record)
        self.page.context.on("weberror", self._record_error)

    @property
    def has_app_store(self) -> bool:
        """Whether the browser is a phone's."""
        return "Android" in str(self.page.evaluate("navigator.userAgent"))

    def say(self, english: str, swedish: str) -> str:
        """Return the text in the customer's language."""
        return english if self.language == "en" else swedish

    def button(self, english: str, swedish: str) -> Locator:
        """Return the button or link of this name, on top of what is open."""
        name = self.say(english, swedish)
        root = self._top()
        return (
            root.get_by_role("button", name=name, exact=True)
            .or_(root.get_by_role("link", name=name, exact=True))
            .filter(visible=True)
            .first
        )

    def press(self, english: str, swedish: str) -> None:
        """Press the button or link of this name."""
        self.button(english, swedish).click()

    def heading(self, english: str, swedish: str) -> None:
        """Wait until the page has this heading, and look at it."""
        name = self.say(english, swedish)
        self._look_at(self._top().get_by_role("heading", name=name, exact=True), name)

    def see(self, english: str, swedish: str | None = None, *, within: str = "") -> None:
        """Require a text, or a part of one, to be visible and not covered by anything."""
        text = self.say(english, english if swedish is None else swedish)
        root = self._top().locator(within) if within else self._top()
        self._look_at(root.get_by_text(text), text)

    def picture(self, name: str) -> None:
        """Inspect the page as it is now, and save a picture of it."""
        self._place = name
        self._pictures += 1
        page = self.page
        expect(page.locator("html")).to_have_attribute("lang", self.language)
        wait_until(page, STANDS_STILL)
        if self.folder is not None:
            page.screenshot(
                path=self.folder / f"{self._pictures:02}-{name}.png", animations="disabled"
            )
        found = [
            *layout_faults(page),
            *cut_texts(page),
            *broken_words(page),
            *(
                f"in the other language: {text}"
                for text in texts_in_another_language(page, self.language)
            ),
        ]
        self.problems += [f"{name}: {each}" for each in found]

    def scan(self, msisdn: str | None = None) -> Scan:
        """Scan the code on table 4, and open the menu."""
        scan = self.stack.scan(msisdn)
        self.page.goto("about:blank")
        self.page.goto(scan.order_url)
        self.page.locator("#menu").wait_for()
        return scan

    @contextmanager
    def messages(self, *texts: str) -> Iterator[None]:
        """Expect console messages with these texts, such as the status of a refused request."""
        self._expected += texts
        yield
        self.page.wait_for_timeout(50)
        for text in texts:
            self._expected.remove(text)

    def _top(self) -> Locator:
        """Return the sheet that is open, or the page."""
        sheet = self.page.locator("dialog[open]")
        return sheet if sheet.count() else self.page.locator("body")

    def _look_at(self, found: Locator, text: str) -> None:
        target = found.filter(visible=True).first
        expect(target, text).to_be_visible()
        cover = cover_of(target)
        assert not cover, f"{text!r} is covered by {cover}"

    def _record(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._add(message.text)

    def _record_error(self, error: WebError) -> None:
        self._add(str(error.error))

    def _add(self, message: str) -> None:
        if not any(text in message for text in self._expected):
            self.problems.append(f"after {self._place}: console: {message}")
