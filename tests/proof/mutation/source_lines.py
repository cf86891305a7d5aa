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


def lines_of_function(tree: ast.Module, line: int) -> Iterator[int]:
    """Yield the lines of the innermost function around a line; its decorators are outside."""
    functions = [
        (node.lineno, node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    around = [(first, last) for first, last in functions if first <= line <= last]
    if around:
        first, last = min(around, key=lambda span: span[1] - span[0])
        yield from range(first, last + 1)
