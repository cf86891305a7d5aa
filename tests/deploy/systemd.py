"""Checks the systemd units by systemd-analyze."""

from __future__ import annotations

import shutil
from pathlib import Path

from seqrshop.local import ROOT
from tests.deploy.tools import DEPLOY, OWNERS_PASSWORD, PROCESSES, require, run

UNITS = DEPLOY / "systemd"
INSTALLED_AT = "/opt/seqrshop"
MAX_EXPOSURE_TENTHS = 20  # systemd calls 0 to 2.0 safe


def check(folder: Path) -> str:
    """Verify all units as if they were installed, and how far each is locked in."""
    copy = Path(shutil.copytree(UNITS, folder / "units"))
    for file in copy.rglob("seqrshop*.service"):
        if file.is_file():
            file.write_text(file.read_text().replace(INSTALLED_AT, str(ROOT)))
    names = sorted(path.name.replace("@.", "@1.") for path in copy.iterdir() if path.is_file())
    units = [name for name in names if name.endswith((".service", ".target"))]
    paths = {"SYSTEMD_UNIT_PATH": f"{copy}:"}
    warnings = run("systemd-analyze", "verify", "--man=no", *units, env=paths)
    ours = [line for line in warnings.splitlines() if "seqrshop" in line]
    require(not ours, "systemd-analyze warns:\n" + "\n".join(ours))
    services = [name for name in units if name.endswith(".service")]
    for service in services:
        run(
            "systemd-analyze",
            "security",
            "--offline=true",
            "--no-pager",
            f"--threshold={MAX_EXPOSURE_TENTHS}",
            copy / service.replace("@1.", "@."),
            env=paths,
        )
    for process in PROCESSES:
        unit = next(UNITS.glob(f"seqrshop-{process}*.service"))
        require(f"deploy/run {process}" in unit.read_text(), f"{unit.name} does not run {process}.")
    holders = [file.name for file in UNITS.rglob("*") if _has_owners_password(file)]
    require(holders == ["seqrshop-migrate.service"], f"{holders} have the owner's password.")
    return f"{len(services)} services, exposure at most {MAX_EXPOSURE_TENTHS / 10}"


def _has_owners_password(file: Path) -> bool:
    return file.is_file() and OWNERS_PASSWORD in file.read_text()
