"""The version has one source, and operators and staff can read it."""

import re
import tomllib

from django.contrib import admin
from django.test import Client

from seqrshop import __version__
from seqrshop.local import ROOT


def test_pyproject_reads_the_version_from_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "seqrshop.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_health_reports_the_version(transactional_db: None) -> None:
    assert Client().get("/health").json()["version"] == __version__


def test_admin_header_shows_the_version(db: None) -> None:
    page = Client().get("/admin/login/").content.decode()

    assert f"seqrshop {__version__}" in page
    assert admin.site.site_title == "seqrshop"
