"""`make mutation` finds faults in scripts, and the tests that reach a file."""

import ast
from pathlib import Path

import pytest

from seqrshop.local import ROOT
from tests.proof.mutation.javascript_faults import find_faults
from tests.proof.mutation.reach import ImportMap
from tests.proof.mutation.source_lines import is_run_by_import, is_run_once, lines_of_function


@pytest.fixture(scope="module")
def imports() -> ImportMap:
    """The imports of this repository."""
    return ImportMap(ROOT)


def test_nearest_tests_come_first(imports: ImportMap) -> None:
    tests = imports.tests_reaching("payments/refunds/transitions.py")

    assert tests[0].startswith("tests/payments/")
    assert "tests/payments/refunds/test_refunds.py" in tests
    assert len(tests) == len(set(tests))


@pytest.mark.parametrize("folder", ["orders", "payments", "seqrshop"])
def test_every_file_with_code_is_reached_by_tests(imports: ImportMap, folder: str) -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")]

    assert [file for file in files if not imports.tests_reaching(file)] == []


def test_script_is_reached_by_the_browser_tests(imports: ImportMap) -> None:
    assert imports.tests_reaching("seqrshop/storefront/static/storefront/money.js") == [
        "tests/browser"
    ]


def test_faults_of_a_script_change_code_and_neither_comments_nor_imports(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text(
        'import { a } from "./a.js";\n'
        "// if (a && b) show();\n"
        "export function f(a, b) {\n"
        '  if (a && b < 1) show("x");\n'
        "  await close();\n"
        "}\n"
    )

    faults = find_faults(tmp_path, "page.js")

    changed = [fault.diff.partition("\n+")[2] for fault in faults]
    assert changed == [
        '  if (a || b < 1) show("x");',
        '  if (a && b <= 1) show("x");',
        '  if (a && b < 2) show("x");',
        '  if (a && b < 1) show("XXx");',
        "   close();",
        "",
        '  if (true || a && b < 1) show("x");',
        '  if (false && a && b < 1) show("x");',
    ]
    assert {fault.line for fault in faults} == {4, 5}


MODULE = """\
QUERY = Query(
    lambda: rows()
)
@cache
def letters():
    return read()
class Menu:
    rows = 3
    @property
    def first(
        self, key="id"
    ):
        rows = QUERY.fetch()
        return sorted(rows, key=lambda row: row.id)
"""
LINES = range(1, 15)


def test_query_and_cached_function_run_once() -> None:
    tree = ast.parse(MODULE)

    assert [line for line in LINES if is_run_once(tree, line)] == [2, 5, 6]


def test_import_runs_all_but_the_bodies_of_functions() -> None:
    tree = ast.parse(MODULE)

    assert [line for line in LINES if not is_run_by_import(tree, line)] == [6, 13, 14]


def test_decorator_and_parameters_belong_to_the_body_of_their_function() -> None:
    tree = ast.parse(MODULE)

    lines = {line: list(lines_of_function(tree, line)) for line in LINES}

    of_module, of_letters, of_first = (1, 2, 3, 7, 8), (4, 5, 6), range(9, 15)
    assert lines == (
        {line: [] for line in of_module}
        | {line: [6] for line in of_letters}
        | {line: [13, 14] for line in of_first}
    )
