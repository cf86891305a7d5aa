"""Printed codes hold their content, as read by an independent decoder."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import zxingcpp
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from PIL import Image, ImageDraw

from orders.codes.content import payload
from orders.codes.drawing import png_of, svg_of
from orders.codes.generate import generate, save_qr_code
from orders.models import CodeRevision, QrCode, RevisionReason, Shop
from tests.factories import ShopFactory

PIXELS_PER_MM = 16
PAYLOADS = [
    "HTTP://SEQR.SE/000/LYKTAN",
    "HTTP://SEQR.SE/000/LYKTAN?TABLE=4",
    "HTTP://SEQR.SE/000/A?A=1&B=2&C=3&D=4&E=5&F=6&G=7&H",
    "HTTP://SEQR.SE/000/0123456789-ABC.$*+?P=X:Y/Z%20&Q",
]


def rendered(svg: str) -> Image.Image:
    """Rasterise an SVG of rows of unit squares in its own size."""
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    background = re.search(r'<rect width="37" height="37" fill="([#\w]+)"', svg)
    dark = re.search(r'<path d="([^"]*)" fill="(#\w+)"', svg)
    assert size
    assert background
    assert dark
    width, height = (int(part) * PIXELS_PER_MM for part in size.groups())
    image = Image.new("RGB", (width, height), background[1])
    pen = ImageDraw.Draw(image)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", dark[1])
    assert "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in runs) == dark[1]
    for run in runs:
        x, y, width = (int(edge) * PIXELS_PER_MM for edge in run)
        pen.rectangle((x, y, x + width - 1, y + PIXELS_PER_MM - 1), fill=dark[2])
    return image


def opened(png: bytes) -> Image.Image:
    """Return the image of a PNG."""
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("text", PAYLOADS)
def test_both_images_of_a_code_decode_to_its_content(text: str) -> None:
    drawings = [opened(png_of(text)), rendered(svg_of(text))]

    read = [zxingcpp.read_barcodes(drawing) for drawing in drawings]

    assert [[code.text for code in codes] for codes in read] == [[text], [text]]


@pytest.mark.parametrize("text", PAYLOADS)
def test_codes_follow_the_print_guidelines(text: str) -> None:
    image = opened(png_of(text))

    (code,) = zxingcpp.read_barcodes(image)

    margin = 2 * image.width // 37
    assert code.ec_level == "M"
    extra: Any = code.extra
    assert extra["Version"] == "4"
    assert image.width == image.height >= 1000
    assert image.width % 37 == 0  # 33 modules, and a border of 2 on each side
    assert image.convert("L").point(lambda grey: 255 - grey).getbbox() == (
        margin,
        margin,
        image.width - margin,
        image.height - margin,
    )


def test_svg_has_a_print_size_and_no_external_parts() -> None:
    svg = svg_of("HTTP://SEQR.SE/000/LYKTAN")

    assert svg.startswith("<svg ")
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg
    assert 'width="37mm" height="37mm"' in svg


def test_codes_for_print_and_screen_are_black_on_white() -> None:
    png = opened(png_of("HTTP://SEQR.SE/000/LYKTAN")).convert("RGB")
    svg = rendered(svg_of("HTTP://SEQR.SE/000/LYKTAN"))

    colours = [{colour for _, colour in image.getcolors() or []} for image in (png, svg)]

    assert colours == [{(0, 0, 0), (255, 255, 255)}] * 2


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("table=4", "capital letters"),
        ("TABLE=Å", "may hold only"),
        ("TABLE", "NAME=VALUE"),
        ("A=1&A=2", "only once"),
        ("TABLE=4&WHERE=AT-THE-WINDOW-LEFT", "50 are allowed"),
    ],
)
def test_payload_against_the_guidelines_is_refused_with_a_reason(
    parameters: str, sentence: str
) -> None:
    shop = Shop(service_id="LYKTAN")

    with pytest.raises(ValidationError) as refusal:
        payload(shop, parameters)

    assert sentence in refusal.value.messages[0]


@pytest.mark.django_db
def test_code_is_saved_with_its_author_and_time() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    user = User.objects.create_user("astrid")

    code = save_qr_code(shop, "Table 4", "TABLE=4", user)

    kept = QrCode.objects.get(pk=code.pk)
    assert kept.payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
    assert kept.made_by == user
    assert kept.made_at == code.made_at


@pytest.mark.django_db
def test_regenerated_code_replaces_the_earlier_one() -> None:
    shop = ShopFactory.create(service_id="OLD")
    first = save_qr_code(shop, "Table 4", "TABLE=4", None)
    shop.service_id = "NEW"

    second = save_qr_code(shop, "Window table", "TABLE=4", None)

    kept = QrCode.objects.get()
    assert (first.pk, second.pk) == (kept.pk, kept.pk)
    assert (kept.placement, kept.payload) == ("Window table", "HTTP://SEQR.SE/000/NEW?TABLE=4")


@pytest.mark.django_db
def test_refused_payload_leaves_the_code_unchanged() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    shop.service_id = "A-SERVICE-ID-THAT-FILLS1"

    with pytest.raises(ValidationError):
        save_qr_code(shop, "Table 4", "TABLE=4", None)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"


def test_images_of_a_chosen_size_print_in_that_size() -> None:
    image = opened(png_of("HTTP://SEQR.SE/000/LYKTAN", 50))
    svg = svg_of("HTTP://SEQR.SE/000/LYKTAN", 50)

    inches = image.width / image.info["dpi"][0]
    assert inches * 25.4 == pytest.approx(50, rel=0.001)
    assert image.info["dpi"][0] >= 300
    assert image.width % 37 == 0
    assert 'width="50mm" height="50mm"' in svg


@pytest.mark.django_db
def test_each_generation_is_a_revision_with_its_content_person_and_reason() -> None:
    shop = ShopFactory.create(service_id="OLD")
    user = User.objects.create_user("astrid")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)
    shop.service_id = "NEW"

    generate(code, RevisionReason.REGENERATED, user)

    revisions = CodeRevision.objects.order_by("pk").values_list("payload", "reason", "made_by")
    assert list(revisions) == [
        ("HTTP://SEQR.SE/000/OLD?TABLE=4", "ADDED", None),
        ("HTTP://SEQR.SE/000/NEW?TABLE=4", "REGENERATED", user.pk),
    ]
