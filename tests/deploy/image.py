"""Checks the Dockerfile, what goes into the image, and the list of its packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from seqrshop.local import ROOT
from tests.deploy.tools import DEPLOY, require, run

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
REQUIREMENTS = ROOT / "requirements" / "production.txt"
SBOM = ROOT / ".local" / "sbom.json"


def check_dockerfile(_folder: Path) -> str:
    """Lint the Dockerfile, and see that its processes are not root."""
    version = run("hadolint", "--version").split()[-1]
    run("hadolint", DOCKERFILE)
    text = DOCKERFILE.read_text()
    require("USER 10001:10001" in text, "The image's user is not 10001.")
    named = re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-\w+$", text, re.MULTILINE)
    require(named is not None, "The base image's version is not named.")
    return f"hadolint {version}"


def check_contents(_folder: Path) -> str:
    """See that all that the list of the image's contents names exists."""
    lines = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    names = [line.lstrip("!") for line in lines if line and not line.startswith(("#", "*"))]
    for name in names:
        require((ROOT / name).exists(), f"Dockerfile.dockerignore names {name}, which is not there")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        require((ROOT / name).exists(), f"The Dockerfile copies {name}, which is not there")
    return f"{len(names)} rules"


def check_sbom(_folder: Path) -> str:
    """Write the SBOM, and see that it has each pinned package with its digests."""
    write_sbom()
    pinned = set(re.findall(r"^([A-Za-z0-9_.-]+)==", REQUIREMENTS.read_text(), re.MULTILINE))
    components = json.loads(SBOM.read_text())["components"]
    listed = {each["name"] for each in components}
    require(listed == pinned, f"The SBOM differs from {REQUIREMENTS.name}: {listed ^ pinned}")
    return f"{len(listed)} packages, {SBOM.relative_to(ROOT)}"


def write_sbom() -> None:
    """Write the packages of requirements/production.txt as CycloneDX to .local/sbom.json."""
    run("cyclonedx-py", "requirements", REQUIREMENTS, "--of", "JSON", "-o", SBOM)
