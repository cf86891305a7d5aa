"""Reads out of the source what events the code can write, and by which sources.

A value is followed from the function that writes it back to where it is a literal: through the
parameters of the functions in between, also where such a function is handed to another one with
its arguments behind it, as to an executor. Whatever cannot be followed raises an AssertionError.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings

Function = tuple[str, str]  # its module and its name
Parameter = tuple[int, str]  # its position and its name
WRITERS = "orders.audit"
NAME_OF = {(WRITERS, "record_event"): (1, "name"), (WRITERS, "record_event_once"): (1, "name")}
SOURCE_OF = {(WRITERS, "ChangeSource"): (0, "source")}
OF_MANY = (WRITERS, "record_events")
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A module of the product, and what the names in it mean."""

    name: str
    tree: ast.Module
    known: dict[str, Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note the functions that it imports or has."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    self.known[alias.asname or alias.name] = (node.module, alias.name)
        for node in self.tree.body:
            if isinstance(node, AnyFunction):
                self.known[node.name] = (self.name, node.name)

    def meant(self, node: ast.AST) -> Function | None:
        """Return the function that an expression names, if any."""
        if isinstance(node, ast.Attribute) and (module := self.meant(node.value)):
            return ".".join(module), node.attr
        return self.known.get(node.id) if isinstance(node, ast.Name) else None


@dataclass(frozen=True)
class Use:
    """An expression that is written, and the function that it stands in, if in any."""

    module: Module
    around: AnyFunction | None
    value: ast.expr

    def __str__(self) -> str:
        return f"{self.module.name}:{self.value.lineno}: {ast.unparse(self.value)}"


@cache
def event_names() -> frozenset[str]:
    """Return the name of each event that the code can write, but for SEQR's own operations."""
    modules = _modules()
    uses = [*_uses(modules, NAME_OF), *_uses_of_many(modules)]
    return frozenset(name for use in uses for name in _values(use))


@cache
def sources() -> frozenset[str]:
    """Return each source that the code can write as the cause of an event."""
    return frozenset(source for use in _uses(_modules(), SOURCE_OF) for source in _values(use))


@cache
def _modules() -> tuple[Module, ...]:
    found = []
    for app in ("orders", "payments", "seqrshop"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            name = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
            if "sandbox" not in path.parts and name != WRITERS:
                found.append(Module(name.removesuffix(".__init__"), ast.parse(path.read_text())))
    return tuple(found)


def _uses(modules: tuple[Module, ...], first: dict[Function, Parameter]) -> Iterator[Use]:
    """Yield what these functions are given, and those whose own parameter is handed on to them."""
    writers, waiting = dict(first), list(first)
    while waiting:
        writer = waiting.pop()
        given = list(_given(modules, writer, writers[writer]))
        assert given, f"no call of {'.'.join(writer)} was found"
        for use in given:
            place = _parameter(use)
            if place is None:
                yield use
                continue
            assert use.around is not None
            handed_on = (use.module.name, use.around.name)
            if handed_on not in writers:
                writers[handed_on] = place
                waiting.append(handed_on)


def _given(modules: tuple[Module, ...], function: Function, place: Parameter) -> Iterator[Use]:
    position, name = place
    for module in modules:
        for around, node in _nodes(module.tree):
            for called, keywords in _calls(node):
                if module.meant(called[0]) != function:
                    continue
                named = [each.value for each in keywords if each.arg == name]
                value = [*called[1 + position : 2 + position], *named]
                assert value, f"{module.name}:{called[0].lineno}: {function[1]} without a {name}"
                yield Use(module, around, value[0])


def _nodes(
    node: ast.AST, around: AnyFunction | None = None
) -> Iterator[tuple[AnyFunction | None, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        yield around, child
        yield from _nodes(child, child if isinstance(child, AnyFunction) else around)


def _calls(node: ast.AST) -> Iterator[tuple[list[ast.expr], list[ast.keyword]]]:
    """Yield a call as the function and its arguments, and so what may be one: (f, 1), g(f, 1)."""
    if isinstance(node, ast.Call):
        yield [node.func, *node.args], node.keywords
        yield from ((node.args[n:], node.keywords) for n in range(len(node.args)))
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        yield from ((node.elts[n:], []) for n in range(len(node.elts)))


def _uses_of_many(modules: tuple[Module, ...]) -> Iterator[Use]:
    """Yield the names in the tuples that record_events is given."""
    for use in _given(modules, OF_MANY, (0, "events")):
        tuples = [node for node in ast.walk(use.value) if isinstance(node, ast.Tuple)]
        events = [node for node in tuples if isinstance(node.ctx, ast.Load)]
        assert events, f"{use} cannot be followed"
        yield from (Use(use.module, use.around, node.elts[1]) for node in events)


def _parameter(use: Use) -> Parameter | None:
    """Return which parameter of its function the expression is, if it is one."""
    if use.around is None or not isinstance(use.value, ast.Name):
        return None
    names = [each.arg for each in (*use.around.args.posonlyargs, *use.around.args.args)]
    return (names.index(use.value.id), use.value.id) if use.value.id in names else None


def _values(use: Use) -> Iterable[str]:
    """Return what an expression can be."""
    value = use.value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.JoinedStr):
        return _composed(use, value)
    if isinstance(value, ast.Attribute) and value.attr == "operation":  # of a call to SEQR
        return []
    if isinstance(value, ast.Name) and use.around is not None:
        assigned = list(_assigned(use.around, value.id))
        assert assigned, f"{use} cannot be followed"
        return [name for each in assigned for name in _values(Use(use.module, use.around, each))]
    if ast.unparse(value).startswith("TABLE["):
        table = import_module(use.module.name).TABLE
        return [event for moves in table.values() for event in moves.values()]
    raise AssertionError(f"{use} cannot be followed")


def _composed(use: Use, value: ast.JoinedStr) -> list[str]:
    """Return an f-string for each member of the enumeration that its one parameter is of."""
    (gap,) = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
    assert isinstance(gap, ast.Name), f"{use} cannot be followed"
    assert use.around is not None
    (kind,) = [arg.annotation for arg in use.around.args.args if arg.arg == gap.id]
    assert isinstance(kind, ast.Name), f"{use} cannot be followed"
    members: Any = getattr(import_module(use.module.name), kind.id)
    return [
        "".join(
            str(part.value if isinstance(part, ast.Constant) else member) for part in value.values
        )
        for member in members
    ]


def _assigned(function: AnyFunction, name: str) -> Iterator[ast.expr]:
    """Yield what a function assigns to a variable, alone or with others: `event, detail = …`."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from (
                    value for each, value in pairs if isinstance(each, ast.Name) and each.id == name
                )
