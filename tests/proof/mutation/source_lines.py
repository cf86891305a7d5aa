"""What kind of code a line is in."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def is_run_once(tree: ast.Module, line: int) -> bool:
    """Return whether a line is in a cached function, or in a module's lambda, as of a query."""
    statements = [each for each in tree.body if each.lineno <= line <= (each.end_lineno or 0)]
    around = [
        node
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    functions = [node for node in around if not isinstance(node, ast.Lambda)]
    decorators = [each for node in functions for each in node.decorator_list]
    return any("cache" in ast.unparse(each) for each in decorators) or (
        bool(around) and not functions
    )


def is_run_by_import(tree: ast.Module, line: int) -> bool:
    """Return whether a line runs when its module is imported, as a decorator does."""
    function = _innermost_function(tree, line)
    return function is None or line < function.body[0].lineno


def lines_of_function(tree: ast.Module, line: int) -> Iterator[int]:
    """Yield the lines in the body of the innermost function around a line, if there is one."""
    if function := _innermost_function(tree, line):
        yield from range(function.body[0].lineno, (function.end_lineno or 0) + 1)


def _innermost_function(
    tree: ast.Module, line: int
) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the function of a line. Its decorators and its parameters belong to it."""

    def first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        return min([function.lineno, *(each.lineno for each in function.decorator_list)])

    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and first_line(node) <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=first_line, default=None)
