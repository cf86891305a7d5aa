"""Files of codes for a printer: chosen, made in the background, read back, marked as printed."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from orders.codes.generate import generate, save_qr_code
from orders.codes.sheets import CodeNotReadable
from orders.models import (
    AuditEvent,
    CodeRevision,
    EventName,
    PrintFile,
    PrintFileStatus,
    PrintLayout,
    QrCode,
    RevisionReason,
    Shop,
    StaffAccess,
)
from seqrshop.backoffice.codes import print_files
from seqrshop.backoffice.codes.print_files import (
    LEASE_DURATION,
    files_to_resume,
    make_print_file,
    propose_file,
    start_file,
)
from seqrshop.backoffice.tasks import forget_finished_work
from tests.factories import ShopFactory
from tests.staff import list_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db
PRINTS = ("orders.view_qrcode", "orders.change_qrcode")


@pytest.fixture
def shop() -> Shop:
    """A shop with the codes of the tables 10, 9 and 8."""
    shop: Shop = ShopFactory.create(name="Kafé Lyktan", service_id="LYKTAN")
    for number in (10, 9, 8):
        save_qr_code(shop, f"Table {number}", f"TABLE={number}", None)
    return shop


def file_of(client: Client) -> PrintFile:
    """Choose all codes of the list, and print them."""
    chosen = list(QrCode.objects.values_list("pk", flat=True))
    body = {"action": "print_codes", "_selected_action": chosen}
    response = client.post(list_url(QrCode), body)
    file = PrintFile.objects.get()
    assert response.headers["Location"] == page_of(file)
    return file


def page_of(file: PrintFile, page: str = "print_file") -> str:
    """Return the address of a file's page."""
    return reverse(f"staff:{page}", args=[file.pk])


def post(client: Client, file: PrintFile, **typed: object) -> Any:
    """Post what to make of the chosen codes."""
    return client.post(page_of(file), {"layout": "STICKER", **typed})


def made(client: Client, file: PrintFile, **typed: object) -> PrintFile:
    """Have a file made, and return it."""
    post(client, file, **typed)
    make_print_file(file.pk)
    file.refresh_from_db()
    return file


def test_chosen_codes_become_a_file_in_the_order_of_their_tables(shop: Shop) -> None:
    client = superuser()
    file = file_of(client)

    made(client, file, size_mm=40)

    event = AuditEvent.objects.get(name=EventName.PRINT_FILE_MADE)
    assert (event.subject_label, event.actor) == (f"codes-{file.pk}.pdf", user_of(client))
    assert event.detail == "codes: 3; sticker, 40 mm"
    response = client.get(page_of(file, "print_file_download"))
    pages = PdfReader(io.BytesIO(response.content)).pages
    assert response.headers["Content-Type"] == "application/pdf"
    assert [page.extract_text().split("\n")[1] for page in pages] == [
        "Table 8",
        "Table 9",
        "Table 10",
    ]


def test_chosen_codes_become_pictures_in_an_archive(shop: Shop) -> None:
    client = superuser()
    file = file_of(client)

    made(client, file, layout="IMAGES", size_mm=50)

    response = client.get(page_of(file, "print_file_download"))
    names = zipfile.ZipFile(io.BytesIO(response.content)).namelist()
    assert len(names) == 6  # an SVG and a PNG of each code
    assert f'filename="codes-{file.pk}.zip"' in response.headers["Content-Disposition"]
    event = AuditEvent.objects.get(name=EventName.PRINT_FILE_MADE)
    assert event.subject_label == f"codes-{file.pk}.zip"


def test_button_of_a_codes_page_leads_to_its_print_file(shop: Shop) -> None:
    """A button usually leads back to the page that it is on."""
    code = QrCode.objects.get(placement="Table 9")
    body = {"action": "print_codes", "_selected_action": [code.pk], "from_row_page": "yes"}

    client = superuser()
    response = client.post(list_url(QrCode), body)

    file = PrintFile.objects.get()
    assert response.headers["Location"] == page_of(file)
    assert file.code_ids == [code.pk]
    page = client.get(page_of(file)).context
    assert (page["title"], page["names"], page["others"]) == (
        "Print 1 code",
        f"{shop}: Table 9",
        0,
    )
    made(client, file)
    event = AuditEvent.objects.get(name=EventName.PRINT_FILE_MADE)
    assert event.detail.startswith("codes: 1; sticker,")


def test_codes_of_a_finished_file_are_marked_as_printed_as_they_are_in_it(shop: Shop) -> None:
    """A code that has changed since the file was made is not among them."""
    client = superuser()
    file = made(client, file_of(client))
    changed = QrCode.objects.get(placement="Table 9")
    Shop.objects.update(service_id="NEW")
    generate(QrCode.objects.get(pk=changed.pk), RevisionReason.REGENERATED, None)

    response = client.post(page_of(file, "print_file_printed"))

    printed = CodeRevision.objects.filter(printed_at__isnull=False)
    assert shown_messages(response) == ["3 codes are marked as printed."]
    assert {each.payload for each in printed} == {
        f"HTTP://SEQR.SE/000/LYKTAN?TABLE={n}" for n in (8, 9, 10)
    }
    assert {each.printed_by for each in printed} == {user_of(client)}


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"size_mm": 19}, "size_mm", "A code here must be 20 to 200 mm wide."),
        ({"size_mm": 201}, "size_mm", "A code here must be 20 to 200 mm wide."),
        ({"layout": "TENT", "size_mm": 39}, "size_mm", "A code here must be 40 to 90 mm wide."),
        ({"size_mm": "wide"}, "size_mm", "Enter a whole number."),
        ({"layout": "POSTER"}, "layout", "POSTER is not one of the available choices"),
    ],
)
def test_wrong_size_or_layout_gets_a_sentence_and_starts_nothing(
    shop: Shop, typed: dict[str, object], field: str, sentence: str
) -> None:
    client = superuser()
    file = file_of(client)

    response = post(client, file, **typed)

    assert sentence in " ".join(response.context["form"].errors[field])
    file.refresh_from_db()
    assert file.status == PrintFileStatus.PROPOSED


def test_file_with_an_unreadable_code_is_not_offered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_arguments: Any) -> bytes:
        raise CodeNotReadable("Table 9")

    monkeypatch.setattr(print_files, "make_file", unreadable)
    client = superuser()

    file = made(client, file_of(client))

    assert file.status == PrintFileStatus.FAILED
    assert client.get(page_of(file, "print_file_download")).status_code == 404
    assert "could not be made" in client.get(page_of(file)).content.decode()


def test_file_of_a_killed_process_is_made_by_another_once_its_lease_has_lapsed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = superuser()
    file = file_of(client)
    post(client, file)

    def killed(*_arguments: Any) -> bytes:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(print_files, "make_file", killed)
        with pytest.raises(SystemExit):
            make_print_file(file.pk)
    held = files_to_resume()
    PrintFile.objects.update(steps=8, steps_done=2)
    page, listed = (
        client.get(each).content.decode() for each in (page_of(file), reverse("staff:print_files"))
    )
    make_print_file(file.pk)  # a second message: the lease keeps it out
    file.refresh_from_db()
    status_while_held = file.status
    PrintFile.objects.update(lease_until=Now() - LEASE_DURATION)
    lapsed = files_to_resume()
    make_print_file(file.pk)

    file.refresh_from_db()
    assert (held, status_while_held, lapsed) == ([], PrintFileStatus.RUNNING, [file.pk])
    assert "25 % done" in page
    assert 'class="pill pill-busy"' in listed
    assert file.status == PrintFileStatus.READY


def test_process_whose_file_another_has_taken_over_stores_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = superuser()
    file = file_of(client)
    post(client, file)

    steps: list[int] = []

    def slow(_layout: Any, _size: int, _revisions: Any, progress: Any) -> bytes:
        PrintFile.objects.update(runner="00000000-0000-0000-0000-000000000001")
        for step in (1, 2):
            steps.append(step)
            progress(step, 2)
        return b"of the slow process"

    monkeypatch.setattr(print_files, "make_file", slow)
    monkeypatch.setattr(print_files, "SAVE_SECONDS", 0.0)
    make_print_file(file.pk)

    file.refresh_from_db()
    assert (file.status, file.content) == (PrintFileStatus.RUNNING, None)
    assert steps == [1]


def test_running_file_is_not_started_again(shop: Shop) -> None:
    file, other = (propose_file(user_of(superuser()), []) for _ in range(2))

    assert [start_file(file.pk, PrintLayout.GRID, 40) for _ in range(2)] == [True, False]
    other.refresh_from_db()
    assert other.status == PrintFileStatus.PROPOSED


def test_file_belongs_to_its_person_and_the_shops_of_that_person(shop: Shop) -> None:
    client = staff(*PRINTS, shops=[shop])
    file = made(client, file_of(client))
    addresses = [page_of(file), page_of(file, "print_file_download")]

    others = [staff(*PRINTS, shops=[shop]).get(each).status_code for each in addresses]
    own = [client.get(each).status_code for each in addresses]
    access = StaffAccess.objects.get(user=user_of(client))
    access.shops.set([ShopFactory.create()])
    moved = [client.get(each).status_code for each in addresses]

    assert (others, own, moved) == ([404, 404], [200, 200], [404, 404])


def test_file_has_the_codes_that_are_in_the_persons_shops_when_it_is_made(shop: Shop) -> None:
    client = staff(*PRINTS, shops=[shop])
    file = file_of(client)
    post(client, file)
    StaffAccess.objects.get(user=user_of(client)).shops.clear()

    make_print_file(file.pk)

    file.refresh_from_db()
    assert (file.status, file.content) == (PrintFileStatus.FAILED, None)


def test_files_of_more_than_a_week_ago_are_deleted() -> None:
    person = User.objects.create_user("astrid")
    propose_file(person, [])
    PrintFile.objects.update(created_at=Now() - print_files.FILE_LIFETIME)
    new = propose_file(person, [])

    forget_finished_work()

    assert set(PrintFile.objects.all()) == {new}


def test_list_of_files_shows_those_that_were_started(shop: Shop) -> None:
    client = superuser()
    file = file_of(client)
    before = client.get(reverse("staff:print_files")).content.decode()
    made(client, file)

    after = client.get(reverse("staff:print_files")).content.decode()

    assert page_of(file) not in before
    assert page_of(file) in after
    assert "3 codes" in after
