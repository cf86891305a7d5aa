"""A colleague is invited, joins, and signs in with an app and with a passkey, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.models import AuditEvent, SubjectType
from payments.staff_roles import save_roles
from tests.backoffice.people.authenticator import code
from tests.backoffice.test_browser import logged_in
from tests.browser.axe import accessibility_violations
from tests.browser.clicks import ClickCounter, Journey, promised_clicks
from tests.factories import ShopFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long enough password"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Looks:
    """What was wrong with the pages that were looked at."""

    violations: list[str] = field(default_factory=list)
    policy_violations: list[str] = field(default_factory=list)

    def at(self, page: Page, name: str) -> None:
        """Look at a page."""
        self.violations += [f"{name}: {each}" for each in accessibility_violations(page)]


@pytest.fixture
def looks() -> Looks:
    return Looks()


@contextmanager
def colleague_browser(owner: Page, looks: Looks) -> Iterator[Page]:
    """Open a browser that shares nothing with the owner's."""
    browser = owner.context.browser
    assert browser is not None
    context = browser.new_context()
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            looks.policy_violations.append(message.text)
            if "Content Security Policy" in message.text or "Permissions policy" in message.text
            else None
        ),
    )
    yield page
    context.close()


def sign_out(page: Page) -> None:
    """Sign out by the menu behind the own name."""
    page.locator(".staff-person summary").click()
    page.click("#logout-form button")


def sign_in(page: Page, url: str) -> None:
    """Enter the user name and the password."""
    page.goto(f"{url}/admin/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("boel")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/second-factor*")


def test_colleague_joins_and_signs_in_with_an_app_and_with_a_passkey(
    live_server: LiveServer, settings: Settings, looks: Looks
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    save_roles()
    ShopFactory.create(name="Kafé Lyktan")

    clicks: dict[Journey, int] = {}
    with logged_in(live_server) as owner:
        owner.open("/staff/roles")
        looks.at(owner.page, "roles")
        counter = ClickCounter(owner.page.context)
        owner.open("/admin/")
        owner.page.get_by_role("link", name="People").click()
        owner.page.get_by_role("link", name="Invite a colleague").click()
        looks.at(owner.page, "invite")
        counter.choose(owner.page.locator("#id_role"), "Shift leader")
        owner.page.get_by_label("Kafé Lyktan").check()
        owner.page.get_by_role("button", name="Make the link").click()
        looks.at(owner.page, "link")
        link = owner.page.input_value("#link")
        owner.page.get_by_role("button", name="Copy").click()
        clicks[Journey.INVITE] = counter.take()
        settings.SECOND_FACTOR_REQUIRED = True

        with colleague_browser(owner.page, looks) as page:
            counter = ClickCounter(page.context)
            page.goto(link)
            expect(page.get_by_text("invites you as Shift leader.")).to_be_visible()
            assert "#" not in page.url
            looks.at(page, "invitation")
            page.fill("#id_username", "boel")
            page.fill("#id_name", "Boel Berg")
            page.fill("#id_password1", PASSWORD)
            page.fill("#id_password2", PASSWORD)
            page.get_by_role("button", name="Join").click()

            expect(page.get_by_text("so it needs a second factor")).to_be_visible()
            clicks[Journey.JOIN] = counter.take()
            looks.at(page, "choice of a factor")
            page.get_by_role("link", name="Add an authenticator app").click()
            looks.at(page, "app")
            secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
            page.fill("#code", code(secret))
            page.get_by_role("button", name="Add the app").click()
            assert page.locator(".recovery-codes li").count() == 10
            looks.at(page, "recovery codes")
            page.get_by_role("link", name="I have kept the codes").click()
            expect(page.locator(".staff-person summary")).to_have_text("Boel Berg")
            clicks[Journey.ADD_FACTOR] = counter.take()

            sign_out(page)
            counter.take()
            sign_in(page, live_server.url)
            looks.at(page, "second factor")
            page.keyboard.type(code(secret, steps_later=1))
            page.keyboard.press("Enter")
            expect(page.locator(".staff-person summary")).to_have_text("Boel Berg")
            clicks[Journey.SIGN_IN] = counter.take()

            devices = page.context.new_cdp_session(page)
            devices.send("WebAuthn.enable")
            devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
            page.locator(".staff-person summary").click()
            page.get_by_role("link", name="Sign-in and security").click()
            page.get_by_role("link", name="Add a passkey").click()
            looks.at(page, "passkey")
            page.get_by_label("A name for it").fill("my tablet")
            page.get_by_role("button", name="Make the passkey").click()
            expect(page.get_by_text("my tablet").first).to_be_visible()
            looks.at(page, "security")

            sign_out(page)
            sign_in(page, live_server.url)
            page.get_by_role("button", name="Use a passkey").click()
            expect(page.locator(".staff-person summary")).to_have_text("Boel Berg")
            page.goto(f"{live_server.url}/admin/auth/user/")
            expect(page.get_by_text("You lack the permission “User: Can view”.")).to_be_visible()
            looks.at(page, "missing right")

        violations_of_owner = list(owner.policy_violations)

    assert clicks == {journey: promised_clicks()[journey] for journey in clicks}
    assert looks.violations == []
    assert looks.policy_violations == []
    assert violations_of_owner == []
    boel = User.objects.get(username="boel")
    events = AuditEvent.objects.filter(subject_type=SubjectType.USER, subject_id=boel.pk)
    assert [event.name for event in events] == [
        "invitation_accepted",
        "authenticator_added",
        "signed_in",
        "recovery_codes_created",
        "signed_out",
        "signed_in",
        "passkey_added",
        "signed_out",
        "signed_in",
    ]
    assert boel.passkeys.get().last_used_at is not None
