"""Faults in Python code: mutmut's operators, and five of those that were once planted by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tests.proof.mutation.fault import Fault

SKIPPED_NODES = (cst.Annotation, cst.Import, cst.ImportFrom)
# A call of one of these, in a chain, is dropped: a lock, a filter, an order.
CHAINED_METHODS = frozenset(
    {"distinct", "exclude", "filter", "order_by", "select_for_update", "strip", "astimezone"}
)


def _without_decorator(node: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    for decorator in node.decorators:
        rest = [each for each in node.decorators if each is not decorator]
        yield node.with_changes(decorators=rest)


def _without_call(node: cst.Expr) -> Iterator[cst.CSTNode]:
    if isinstance(node.value, cst.Call | cst.Await):
        yield cst.Pass()


def _without_raise(_node: cst.Raise) -> Iterator[cst.CSTNode]:
    yield cst.Pass()


def _constant_condition(node: cst.If) -> Iterator[cst.CSTNode]:
    for constant in ("True", "False"):
        yield node.with_changes(test=cst.Name(constant))


def _without_link(node: cst.Call) -> Iterator[cst.CSTNode]:
    method = node.func
    if isinstance(method, cst.Attribute) and method.attr.value in CHAINED_METHODS:
        yield method.value


Operator = Callable[[Any], Iterable[cst.CSTNode]]
OPERATORS: tuple[tuple[str, type, Operator], ...] = (
    *((operator.__name__, kind, operator) for kind, operator in mutation_operators),
    ("removed decorator", cst.FunctionDef, _without_decorator),
    ("removed call", cst.Expr, _without_call),
    ("removed raise", cst.Raise, _without_raise),
    ("constant condition", cst.If, _constant_condition),
    ("removed link", cst.Call, _without_link),
)


@dataclass(frozen=True)
class Place:
    """Where a fault can be planted: the node, what replaces it, and its line."""

    file: str
    line: int
    kind: str
    module: cst.Module
    node: cst.CSTNode
    replacement: cst.CSTNode

    def fault(self) -> Fault:
        """Return the fault."""
        after = self.module.deep_replace(self.node, self.replacement).code
        return Fault(self.file, self.line, self.kind, self.module.code, after)


def find_places(root: Path, file: str) -> list[Place]:
    """Return all places of a file. Text of logs, docstrings and types is no place."""
    wrapper = MetadataWrapper(cst.parse_module((root / file).read_text()))
    finder = _Finder(file, wrapper.module)
    wrapper.visit(finder)
    return finder.places


class _Finder(cst.CSTVisitor):  # type: ignore[misc]  # mypy runs without libcst
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, file: str, module: cst.Module) -> None:
        super().__init__()
        self.places: list[Place] = []
        self._file = file
        self._module = module

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, SKIPPED_NODES) or _is_log(node) or _is_docstring(node):
            return False
        for kind, node_type, operator in OPERATORS:
            if isinstance(node, node_type):
                for replacement in operator(node):
                    line = self.get_metadata(PositionProvider, node).start.line
                    self.places.append(
                        Place(self._file, line, kind, self._module, node, replacement)
                    )
        return True


def _is_log(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Expr):
        return _is_log(node.value)
    function = node.func if isinstance(node, cst.Call) else None
    return isinstance(function, cst.Attribute) and (
        isinstance(function.value, cst.Name) and function.value.value == "logger"
    )


def _is_docstring(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.SimpleString | cst.ConcatenatedString
    )
