"""Plants a fault into this process: the functions of a file get the code of its changed text.

A changed class body, constant or default value takes effect when a module is imported, and cannot
be planted so.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dis import get_instructions
from inspect import CO_OPTIMIZED
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType

Key = tuple[str, int]  # a function's qualified name, and its number among those of that name
Swap = tuple[FunctionType, CodeType]


class Functions:
    """The functions of a repository's modules in this process, outside its tests."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_place: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        gc.unfreeze()  # what is frozen is not listed
        for each in gc.get_objects():
            if type(each) is FunctionType:  # isinstance would evaluate lazy objects
                self._by_place[_place(each.__code__)].append(each)
        gc.freeze()  # so that no child goes through them all

    def swaps(self, file: str, before: str, after: str) -> Sequence[Swap]:
        """Return which functions get which code; none if the fault cannot be planted so."""
        path = str(self._root / file)
        old = _Module(compile(before, path, "exec"))
        new = _Module(compile(after, path, "exec"))
        if old.shape != new.shape:
            return []
        found: list[Swap] = []
        for key, code in old.functions.items():
            changed = new.functions[key]
            functions = self._by_place[_place(code)]
            if not functions and _shape(code) != _shape(changed):
                return []
            found += _swaps(functions, changed)
            within = _Module(changed).functions
            for inner, inner_code in _Module(code).functions.items():
                if inner in within:  # a decorator's function, made when the module was imported
                    found += _swaps(self._by_place[_place(inner_code)], within[inner])
        return found


def _swaps(functions: Sequence[FunctionType], code: CodeType) -> list[Swap]:
    return [(each, code) for each in functions if each.__code__.co_freevars == code.co_freevars]


class _Module:
    """The functions outside other functions of a module, and the bodies around them."""

    def __init__(self, code: CodeType) -> None:
        self.functions: dict[Key, CodeType] = {}
        self._bodies = [code]
        self._collect(code)

    @property
    def shape(self) -> tuple[object, ...]:
        """What two texts must share, so that only functions differ."""
        return list(self.functions), [_shape(body, nested=False) for body in self._bodies]

    def _collect(self, code: CodeType) -> None:
        for nested in _nested(code):
            if nested.co_flags & CO_OPTIMIZED:
                number = sum(name == nested.co_qualname for name, _ in self.functions)
                self.functions[nested.co_qualname, number] = nested
            else:
                self._bodies.append(nested)
                self._collect(nested)


def _nested(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


def _shape(code: CodeType, *, nested: bool = True) -> tuple[object, ...]:
    """Return what the code does, without its line numbers."""
    has_line = "__firstlineno__" in code.co_names  # a class body's, since Python 3.13
    constants = [
        (_shape(each) if nested else each.co_name) if isinstance(each, CodeType) else repr(each)
        for each in code.co_consts
        if not (has_line and each == code.co_firstlineno)
    ]
    return _without_first_line(code), code.co_names, code.co_varnames, constants


def _without_first_line(code: CodeType) -> bytes:
    """Return the bytecode without the line at which a class begins."""
    bytecode = bytearray(code.co_code)
    for load, store in pairwise(get_instructions(code)):
        if store.opname == "STORE_NAME" and store.argval == "__firstlineno__":
            bytecode[load.offset + 1] = 0
    return bytes(bytecode)


def _place(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def plant(swaps: Sequence[Swap]) -> None:
    """Give the functions their code."""
    for function, code in swaps:
        function.__code__ = code
