"""The pages of codes in Chromium: accessible, as wide as a phone, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from orders.clock import database_now
from orders.codes.generate import generate, save_qr_code
from orders.codes.prints import latest_revisions, mark_printed
from orders.models import PrintFile, PrintFileStatus, QrCode, RevisionReason, Shop
from seqrshop.backoffice.codes.print_files import propose_file
from tests.backoffice.test_browser import logged_in
from tests.backoffice.test_look_in_browser import faults_of, too_wide
from tests.factories import ShopFactory
from tests.staff import list_url, page_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def shop_with_codes(person: User) -> Shop:
    """Return a shop with a code in each state of its prints, one of them unused."""
    shop: Shop = ShopFactory.create(name="Kafé Lyktan", service_id="OLD")
    codes = [save_qr_code(shop, f"Bord {n}", f"TABLE={n}", person) for n in (1, 2, 10)]
    revisions = latest_revisions(QrCode.objects.filter(pk__in=[each.pk for each in codes[:2]]))
    mark_printed(revisions.values_list("pk", flat=True), person)
    Shop.objects.update(service_id="LYKTAN")
    shop.refresh_from_db()
    codes[0].shop = shop
    generate(codes[0], RevisionReason.REGENERATED, person)
    save_qr_code(shop, "Uteservering, längst ned till vänster", "TABLE=21", person)
    month_ago = database_now() - timedelta(days=30)
    QrCode.objects.filter(pk=codes[1].pk).update(last_scanned_at=month_ago)
    QrCode.objects.filter(pk=codes[0].pk).update(last_scanned_at=database_now())
    return shop


def files_in_each_state(person: User) -> dict[PrintFileStatus, PrintFile]:
    """Return a print file of all codes in each status."""
    chosen = list(QrCode.objects.values_list("pk", flat=True))
    files = {}
    for status in PrintFileStatus:
        file = propose_file(person, chosen)
        content = b"%PDF" if status == PrintFileStatus.READY else None
        PrintFile.objects.filter(pk=file.pk).update(
            status=status, content=content, steps=8, steps_done=3, size_mm=40
        )
        files[status] = file
    return files


def test_pages_of_codes_are_accessible_and_fit_each_screen(live_server: LiveServer) -> None:
    person = User.objects.create_superuser("astrid")
    shop_with_codes(person)
    files = files_in_each_state(person).values()
    paths = [
        list_url(QrCode),
        page_url(QrCode.objects.get(placement="Bord 1")),
        reverse("staff:tables"),
        reverse("staff:print_files"),
        *(reverse("staff:print_file", args=[file.pk]) for file in files),
    ]

    with logged_in(live_server, person) as browser:
        faults = [
            f"{path}: {fault}"
            for path in paths
            for fault in (*faults_of(browser, path), *too_wide(browser.page))
        ]
        errors = list(browser.script_errors)

    assert faults == []
    assert errors == []


def test_person_makes_the_codes_of_forty_tables_and_goes_on_to_print_them(
    live_server: LiveServer,
) -> None:
    person = User.objects.create_superuser("astrid")
    ShopFactory.create(name="Kafé Lyktan")

    with logged_in(live_server, person) as browser:
        page = browser.page
        browser.open(f"{reverse('staff:tables')}?language=sv")
        page.get_by_label("Till nummer").fill("0")
        page.get_by_role("button", name="Skapa koderna").click()
        expect(page.get_by_text("Det sista numret är lägre än det första")).to_be_visible()
        page.get_by_label("Till nummer").fill("40")
        page.get_by_role("button", name="Skapa koderna").click()
        expect(page.get_by_role("heading", name="Skriv ut 40 koder")).to_be_visible()
        page.get_by_label("Bordsskyltar, A4 att vika").check()
        page.get_by_role("button", name="Gör filen").click()
        expect(page.get_by_role("progressbar")).to_be_visible()

    file = PrintFile.objects.get()
    assert (file.status, file.layout, len(file.code_ids)) == ("RUNNING", "TENT", 40)
