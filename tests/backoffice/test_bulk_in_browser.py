"""The pages of an action over many rows in Chromium: accessible, by keyboard, in both languages."""

from __future__ import annotations

import pytest
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models.functions import Now
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from orders.models import Product
from payments.models import BulkJob, BulkJobRow, BulkJobStatus
from seqrshop.backoffice.bulk.jobs import propose_job, start_job, stop_job
from seqrshop.backoffice.bulk.of_menu import SELL_OUT
from tests.backoffice.test_browser import AdminBrowser, logged_in
from tests.browser.axe import violations_in_each_theme
from tests.browser.browsers import DESKTOP, PHONE
from tests.factories import ProductFactory, ShopFactory
from tests.staff import list_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

JOBS = "/staff/bulk"
TEXTS = {
    "en": ("It is done for 2 rows.", "1 of 2 rows are done.", "Stopped after 1 of 2 rows."),
    "sv": ("Det görs för 2 rader.", "1 av 2 rader är klara.", "Stoppad efter 1 av 2 rader."),
}
MAX_TABS = 60


def job_of(person: User, products: list[Product], *, is_stopped: bool) -> BulkJob:
    """Return a job at its second row, or stopped there; no worker carries it out."""
    job = propose_job(SELL_OUT, products, person, "en")
    start_job(job.pk)
    row = BulkJobRow.objects.filter(job=job).order_by("id")[:1].get()
    BulkJobRow.objects.filter(pk=row.pk).update(
        done_at=Now(), level=messages.SUCCESS, result="Marked as sold out"
    )
    if is_stopped:
        stop_job(job.pk)
    return job


def tab_to(page: Page, selector: str) -> None:
    """Move the focus by the Tab key to an element."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the Tab key")


def violations(browser: AdminBrowser, name: str) -> list[str]:
    """Return what axe finds on the open page in both themes, and whether it fits a phone."""
    page = browser.page
    found = [f"{name}, {each}" for each in violations_in_each_theme(page)]
    page.set_viewport_size(PHONE)
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        found.append(f"{name}: wider than a phone")
    page.set_viewport_size(DESKTOP)
    return found


@pytest.mark.parametrize("language", TEXTS)
def test_pages_meet_wcag_and_are_in_the_language_of_the_person(
    live_server: LiveServer, language: str
) -> None:
    person = User.objects.create_superuser("astrid")
    products = ProductFactory.create_batch(2, shop=ShopFactory.create())
    running = job_of(person, products, is_stopped=False)
    stopped = job_of(person, products, is_stopped=True)
    asked, progress, end = TEXTS[language]

    with logged_in(live_server, person) as browser:
        page = browser.page
        browser.open(f"{JOBS}?language={language}")
        browser.open(list_url(Product))
        page.check("#action-toggle")
        page.select_option("select[name=action]", "mark_sold_out")
        page.click(".actions button[type=submit]")
        expect(page.locator("#content")).to_contain_text(asked)
        found = violations(browser, "question")
        for job, text in ((stopped, end), (running, progress)):
            browser.open(f"{JOBS}/{job.pk}")
            expect(page.get_by_role("status")).to_contain_text(text)
            found += violations(browser, text)
        with page.expect_response(f"**{JOBS}/{running.pk}"):
            pass  # the page of a running job shows itself again
        expect(page.get_by_role("status")).to_contain_text(progress)
        browser.open(JOBS)
        found += violations(browser, "list")
        errors = browser.policy_violations + browser.script_errors

    assert found == []
    assert errors == []


def test_action_is_chosen_confirmed_and_a_job_stopped_by_the_keyboard(
    live_server: LiveServer,
) -> None:
    person = User.objects.create_superuser("astrid")
    products = ProductFactory.create_batch(2, shop=ShopFactory.create())
    running = job_of(person, products, is_stopped=False)

    with logged_in(live_server, person) as browser:
        page, keyboard = browser.page, browser.page.keyboard
        browser.open(list_url(Product))
        for product in products:
            tab_to(page, f"input[name=_selected_action][value='{product.pk}']")
            keyboard.press("Space")
        tab_to(page, "select[name=action]")
        keyboard.type("Mark as sold")
        tab_to(page, ".actions button[type=submit]")
        keyboard.press("Enter")
        expect(page.locator("#content")).to_contain_text("It is done for 2 rows.")
        tab_to(page, "#content .button-primary")
        keyboard.press("Enter")
        expect(page.locator(".messagelist")).to_contain_text("Marked as sold out")
        browser.open(f"{JOBS}/{running.pk}")
        tab_to(page, "#content .button-danger")
        keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Stopped after 1 of 2 rows.")

    running.refresh_from_db()
    assert Product.objects.filter(sold_out=True).count() == 2
    assert running.status == BulkJobStatus.STOPPED
