"""Uploaded images become small pictures, which browsers cache forever."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from orders.models import Picture
from orders.pictures import (
    MAX_CONTENT_BYTES,
    MAX_FILE_BYTES,
    MAX_LARGE_CONTENT_BYTES,
    make_large_product_picture,
    make_logo,
    make_product_picture,
    save_once,
)
from tests.factories import PictureFactory
from tests.image_files import drawn, noise, opened, upload
from tests.storefront.conftest import JsonClient

# --- Making --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photo_becomes_a_small_square_webp(form: str) -> None:
    picture = make_product_picture(upload(noise((1200, 900)), form))

    image = opened(picture.content)
    assert (image.format, image.size) == ("WEBP", (320, 320))
    assert (picture.width, picture.height) == (320, 320)
    assert len(picture.content) <= MAX_CONTENT_BYTES


def test_product_picture_is_the_middle_square() -> None:
    image = drawn((300, 100), "#ff0000")
    image.paste(drawn((100, 100), "#0000ff"), (100, 0))

    picture = make_product_picture(upload(image))

    shown = opened(picture.content).convert("RGB")
    assert shown.size == (100, 100)  # never enlarged
    assert all(shown.getpixel(at)[2] > 200 for at in ((5, 50), (50, 50), (95, 50)))  # type: ignore[index]


def test_large_picture_is_the_whole_image_in_its_proportions() -> None:
    file = upload(noise((1600, 1200)), "JPEG")
    small = make_product_picture(file)  # reads the file before

    large = make_large_product_picture(file)

    assert large is not None
    assert (large.width, large.height) == opened(large.content).size == (800, 600)
    assert MAX_CONTENT_BYTES < len(large.content) <= MAX_LARGE_CONTENT_BYTES
    assert (small.width, small.height) == (320, 320)


def test_image_as_small_as_the_small_picture_has_no_large_one() -> None:
    assert make_large_product_picture(upload(drawn((320, 200)))) is None


def test_logo_keeps_its_proportions_and_transparency() -> None:
    picture = make_logo(upload(drawn((1024, 256), (255, 0, 0, 0), "RGBA")))

    image = opened(picture.content)
    assert (picture.width, picture.height) == image.size == (256, 64)
    assert image.convert("RGBA").getpixel((10, 10))[3] == 0  # type: ignore[index]


def test_picture_keeps_only_the_pixels_of_the_file() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Taken at Storgatan 1 by Astrid"
    exif[0x0112] = 6  # the camera was held upright
    photo = upload(drawn((800, 400)), "JPEG", exif=exif, comment=b"Storgatan", icc_profile=b"Storg")

    picture = make_logo(photo)

    image = opened(picture.content)
    assert b"Storg" not in picture.content
    assert not image.getexif()
    assert "icc_profile" not in image.info
    assert (picture.width, picture.height) == (72, 144)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16"])
def test_every_colour_mode_is_accepted(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"

    picture = make_product_picture(
        upload(drawn((400, 400), 0 if mode != "CMYK" else None, mode), form)
    )

    assert opened(picture.content).size == (320, 320)


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("a.png", b"<svg onload='alert(1)'/>"),
        SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 100),
        SimpleUploadedFile("a.jpg", upload(noise((300, 300)), "JPEG").read()[:9000]),
        upload(drawn((40, 40)), "GIF"),
        upload(drawn((40, 40)), "TIFF"),
        upload(drawn((40, 40)), "BMP"),
    ],
    ids=["svg", "broken", "cut off", "gif", "tiff", "bmp"],
)
def test_file_of_another_format_is_refused(file: SimpleUploadedFile) -> None:
    with pytest.raises(ValidationError, match="not a valid JPEG, PNG or WebP picture"):
        make_product_picture(file)


@pytest.mark.parametrize("edge", [5500, 20_000])
def test_image_with_too_many_pixels_is_refused_undecoded(edge: int) -> None:
    bomb = upload(drawn((edge, edge), 0, "1"))

    with pytest.raises(ValidationError, match="more than 30 million pixels"):
        make_product_picture(bomb)


def test_too_large_file_is_refused_unread() -> None:
    with pytest.raises(ValidationError, match="larger than 10 MB"):
        make_product_picture(SimpleUploadedFile("a.png", bytes(MAX_FILE_BYTES + 1)))


@pytest.mark.django_db
def test_same_picture_is_saved_once() -> None:
    first = save_once(make_product_picture(upload(drawn((400, 400)))))
    second = save_once(make_product_picture(upload(drawn((400, 400)))))
    other = save_once(make_product_picture(upload(drawn((400, 400), "#000000"))))

    assert first == second != other
    assert Picture.objects.count() == 2


# --- Serving -------------------------------------------------------------------------------------


@pytest.fixture
def picture(db: None) -> Picture:
    """A picture in the database."""
    return PictureFactory.create()


def test_picture_is_served_with_permanent_caching(client: JsonClient, picture: Picture) -> None:
    response = client.get(picture.url)

    assert (response.status_code, response.content) == (200, picture.content)
    assert picture.url == f"/pictures/{picture.digest}.webp"
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


def test_cached_picture_answers_304_without_a_query(
    client: JsonClient, picture: Picture, django_assert_num_queries: object
) -> None:
    tag = client.get(picture.url)["ETag"]

    with django_assert_num_queries(0):  # type: ignore[operator]
        again = client.get(picture.url, headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["0" * 64, "x", "a-b_c"])
def test_unknown_picture_answers_404(client: JsonClient, db: None, name: str) -> None:
    response = client.get(f"/pictures/{name}.webp")

    assert response.status_code == 404
    assert "Cache-Control" not in response or "immutable" not in response["Cache-Control"]


def test_accent_style_sheet_is_served_with_permanent_caching(client: JsonClient, db: None) -> None:
    response = client.get("/accents/0b57d0.css")

    assert response.content == (
        b":root { --accent: #0b57d0; --on-accent: #ffffff;"
        b" --accent-day: #0b57d0; --accent-night: #74a2eb; }\n"
    )
    assert response["Content-Type"].startswith("text/css")
    assert "immutable" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("name", ["ffcc00", "0B57D0", "x", "0b57d0-"])
def test_style_sheet_of_an_invalid_accent_answers_404(
    client: JsonClient, db: None, name: str
) -> None:
    assert client.get(f"/accents/{name}.css").status_code == 404
