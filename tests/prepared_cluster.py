"""A PostgreSQL cluster with the migrated database in it, which many test runs begin as copies of.

To create and migrate one takes ten seconds of CPU, to copy it a tenth of one: `make mutants` starts
pytest four hundred times.
"""

import os
import subprocess
import sys
from pathlib import Path

from seqrshop.local import ROOT
from seqrshop.local.servers import run_servers
from seqrshop.local.testing import settings_for_tests
from tests.migrated_database import migrated_database

CLUSTER_VARIABLE = "SEQRSHOP_TEST_CLUSTER"  # the folder that a test run copies


def prepare_cluster(folder: Path) -> Path:
    """Create a cluster in a folder, and stop its server. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", __name__, str(folder)], cwd=ROOT, check=True)
    return folder / "postgres"


def copy_cluster(folder: Path) -> None:
    """Copy the cluster that the environment names, if it names one. Raises OSError."""
    source = os.environ.get(CLUSTER_VARIABLE)
    if source is None:
        return
    copied = subprocess.run(
        ["cp", "--archive", source, str(folder)], capture_output=True, text=True, check=False
    )
    if copied.returncode != 0:
        raise OSError(f"{source} cannot be copied: {copied.stderr.strip()}")


def main(folder: Path) -> None:
    """Create the cluster in this process, which nothing else has configured."""
    os.environ.update(settings_for_tests())
    with run_servers(folder, durable=False) as servers:
        os.environ["DATABASE_URL"] = servers.migration_database_url
        os.environ["REDIS_URL"] = servers.redis_url
        migrated_database()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
