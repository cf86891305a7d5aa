"""Copies of the repository, in which faults are planted."""

import shutil
import subprocess
from pathlib import Path

from seqrshop.local import ROOT


def copy_repository(folder: Path) -> Path:
    """Copy every file of the repository, also uncommitted ones; return the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder
