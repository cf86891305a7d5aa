"""The tests that reach a file, the nearest first, by the names and imports of the test files."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path, PurePath

# They drive processes of the shop, for minutes; a script's faults go to the browser tests alone.
SLOW_FOLDERS = ("anywhere", "bench", "browser", "proof", "sandbox", "screenshots")
CODE = ("orders", "payments", "seqrshop")


class ImportMap:
    """Which files of the repository import which."""

    def __init__(self, root: Path) -> None:
        self._root = root
        files = [
            path.relative_to(root).as_posix()
            for folder in (*CODE, "tests")
            for path in sorted((root / folder).rglob("*.py"))
        ]
        modules = {_module_of(file): file for file in files}
        self._importers: dict[str, list[str]] = defaultdict(list)
        for file in files:
            for imported in set(_imported(root / file, modules)):
                self._importers[imported].append(file)
        self._tests = [
            file for file in files if PurePath(file).name.startswith("test_") and _is_quick(file)
        ]
        self._stems = {test: PurePath(test).stem for test in self._tests}
        self._below: dict[PurePath, list[str]] = defaultdict(list)
        for test in self._tests:
            for folder in PurePath(test).parents:
                self._below[folder].append(test)

    @property
    def quick_tests(self) -> list[str]:
        """The test files that drive no processes of the shop."""
        return list(self._tests)

    def tests_reaching(self, file: str) -> list[str]:
        """Return the test files: named for it, importing it, beside it, then of its importers."""
        if file.endswith(".js"):
            return ["tests/browser"]
        importers = [other for other in self._importers[file] if not other.startswith("tests/")]
        near = [*self._named_for(file), *self._importing(file), *self._beside(file)]
        far = [
            test
            for importer in importers
            for test in (*self._named_for(importer), *self._importing(importer))
        ]
        beside = [test for importer in importers for test in self._beside(importer)]
        return list(dict.fromkeys([*near, *far, *beside]))

    def _named_for(self, file: str) -> list[str]:
        name = f"test_{PurePath(file).stem}"
        return [test for test, stem in self._stems.items() if stem.startswith(name)]

    def _importing(self, file: str) -> list[str]:
        return [other for other in self._importers[file] if other in self._stems]

    def _beside(self, file: str) -> list[str]:
        """Return the tests in the folder that mirrors the file's, or in its parent."""
        folder = PurePath("tests", *PurePath(file.removeprefix("seqrshop/")).parts[:-1])
        if folder == PurePath("tests"):
            folder = PurePath("tests", "seqrshop")
        while not (self._root / folder).is_dir():
            folder = folder.parent
        return self._below[folder]


def _module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(path: Path, modules: dict[str, str]) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [modules[name] for name in names if name in modules]


def _is_quick(file: str) -> bool:
    return PurePath(file).parts[1] not in SLOW_FOLDERS
