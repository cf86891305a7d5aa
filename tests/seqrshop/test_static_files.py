"""Static files as a deployment serves them: hashed names, precompressed."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urljoin

import brotli
import pytest
from django.conf import settings as given
from django.test import Client

from orders.models import Shop
from seqrshop.static_storage import compact
from tests.factories import ShopFactory

pytestmark = pytest.mark.usefixtures("collected")

IMPORT = re.compile(r'(?:from |import\()"(\.[^"]+)"')


@pytest.fixture
def cafe(db: None) -> Shop:
    return ShopFactory.create(slug="lyktan")


def files_of(client: Client, path: str) -> set[str]:
    """Return the static files that our pages and scripts refer to."""
    response = client.get(path)
    text = b"".join(response) if response.streaming else response.content
    named = re.findall(r'["(](/static/[^")]+)[")]', text.decode())
    names = {each for value in named for each in value.split()}  # scripts to load later
    return names | {urljoin(path, name) for name in IMPORT.findall(text.decode())}


OF_OTHER_PAGES = ("return-page.js", "retry.js", "receipt-page.js", "receipt.css")


def test_static_files_have_hashed_names_and_are_cached_for_ever(client: Client, cafe: Shop) -> None:
    pending = {
        "/lyktan/order",
        "/lyktan/success",
        "/lyktan/my-orders",
        "/lyktan/manifest.webmanifest",
    }
    found: set[str] = set()
    while pending:
        files = files_of(client, pending.pop())
        pending |= {each for each in files - found if each.endswith(".js")}
        found |= files

    kept = {path: client.get(path)["Cache-Control"] for path in found}

    assert {re.sub(r"[.][0-9a-f]{12}[.]", ".", path) for path in found} >= {
        f"/static/storefront/{path.name}"
        for path in (given.STATICFILES_DIRS[0] / "storefront").iterdir()
        if path.name not in OF_OTHER_PAGES
    }
    assert {path for path in found if not re.search(r"[.][0-9a-f]{12}[.]\w+$", path)} == set()
    assert set(kept.values()) == {"max-age=315360000, public, immutable"}


@pytest.mark.parametrize(
    ("accepts", "coding", "plain"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ],
)
def test_static_file_is_precompressed_for_browser(
    client: Client, cafe: Shop, accepts: str, coding: str | None, plain: type[bytes]
) -> None:
    [sheet] = [path for path in files_of(client, "/lyktan/order") if "/base." in path]

    response = client.get(sheet, headers={"Accept-Encoding": accepts})
    sent = b"".join(response)

    assert response.get("Content-Encoding") == coding
    assert "Accept-Encoding" in response["Vary"]
    assert b".button.primary" in plain(sent)
    assert int(response["Content-Length"]) == len(sent)


def test_served_scripts_have_no_comments(client: Client, cafe: Shop) -> None:
    [script] = [
        path for path in files_of(client, "/lyktan/order") if "/menu." in path and ".js" in path
    ]

    text = b"".join(client.get(script)).decode()

    assert "export class Menu" in text
    assert "@param" not in text
    assert "// The menu" not in text


def test_comments_on_lines_of_their_own_and_indentation_are_removed() -> None:
    code = """
        // A comment.
        const url = "https://seqr.example/*"; // the scheme
        /**
         * @type {string}
         */
        const name = /** @type {string} */ (find());
        /** @type {number} */ (count) + /* of all */
        1;
    """

    lines = compact(code).splitlines()

    assert lines[1:] == [
        'const url = "https://seqr.example/*"; // the scheme',
        "const name = /** @type {string} */ (find());",
        "/** @type {number} */ (count) + /* of all */",
        "1;",
    ]
