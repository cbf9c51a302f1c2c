"""Which names of modules and classes are no constants: state that a whole process would share."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import re
import struct
import types
import typing
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from json import JSONDecoder
from typing import Any, Final

from authorizer.domain.accounts.parts import Part
from tests.support.sources import Source

FIXED: Final = (
    type(None), bool, int, float, complex, str, bytes, range, Decimal,
    date, time, timedelta, tzinfo, enum.Enum, re.Pattern, struct.Struct, JSONDecoder, nullcontext,
    type, types.ModuleType, types.GenericAlias, types.UnionType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MemberDescriptorType, types.GetSetDescriptorType, property, classmethod, staticmethod,
    Part,
)  # fmt: skip
"""Values of these types never change, or are declarations."""
DECLARATIONS: Final = ("click", "jinja2", "pydantic", "sqlalchemy", "structlog", "typing")
"""Libraries whose objects at module level declare something: columns, templates, loggers."""
FUNCTIONAL: Final = ("gc", "np")
"""Modules whose members have such names: numpy sorts copies, and the collector is the process'."""
CONTAINERS: Final = (dict, list, set)
MUTATORS: Final = frozenset(
    (
        "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove",
        "setdefault", "sort", "update",
    )
)  # fmt: skip
Assignment = ast.Assign | ast.AnnAssign


def is_constant(value: object) -> bool:
    """Whether a value never changes. A list, dict or set counts; who changes one is found apart."""
    if isinstance(value, FIXED) or type(value).__module__.split(".")[0] in DECLARATIONS:
        return True
    if isinstance(value, tuple | frozenset | list | set):
        return all(map(is_constant, value))
    if isinstance(value, dict | types.MappingProxyType):
        return all(is_constant(key) and is_constant(of) for key, of in value.items())
    if isinstance(value, types.MethodType):
        return is_constant(value.__self__)
    if isinstance(value, partial):
        return is_constant((value.func, *value.args, *value.keywords.values()))
    return _is_frozen(value)


def _is_frozen(value: Any) -> bool:
    """Whether an object can't be changed, as frozen dataclasses and types without fields can't."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        frozen = value.__dataclass_params__.frozen  # type: ignore[union-attr]
        return frozen and all(is_constant(getattr(value, one.name)) for one in fields)
    return not hasattr(value, "__dict__") and not getattr(type(value), "__slots__", ("?",))


def state(source: Source) -> list[str]:
    """The names of a module, and of its classes, that are bound to what may change."""
    module = importlib.import_module(source.module)
    tree = source.tree()
    found = list(_state_of(tree.body, vars(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and isinstance(vars(module).get(node.name), type):
            known = vars(vars(module)[node.name])
            found += [f"{node.name}.{name}" for name in _state_of(node.body, known)]
    return found


def _state_of(body: list[ast.stmt], known: typing.Mapping[str, Any]) -> Iterator[str]:
    for name, node in _bound(body):
        value = known.get(name)
        if type(value).__name__ == "_tuplegetter" or name == "model_config":
            continue  # a field of a named tuple; pydantic's own
        named = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
        shared = isinstance(value, CONTAINERS) and not named.startswith(("Final", "ClassVar"))
        if shared or not is_constant(value):
            yield name


def _bound(body: list[ast.stmt]) -> Iterator[tuple[str, Assignment]]:
    for node in body:
        if isinstance(node, ast.Assign):
            names = [one for target in node.targets for one in ast.walk(target)]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            names = [node.target]
        else:
            continue
        yield from ((one.id, node) for one in names if isinstance(one, ast.Name))


def changes(source: Source) -> list[str]:
    """The statements in functions that change a name of a module, a class or an import."""
    found = []
    shared = _shared_names(source.tree())
    for function in ast.walk(source.tree()):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            outer = shared - _local_names(function)
            found += [
                f"{function.name}: {ast.unparse(node)}"
                for node in ast.walk(function)
                if isinstance(node, ast.Global) or any(_changes(node, outer))
            ]
    return sorted(set(found))


def _shared_names(tree: ast.Module) -> set[str]:
    names = {name for name, _ in _bound(tree.body)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return arguments | {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _changes(node: ast.AST, outer: set[str]) -> Iterator[bool]:
    """Whether a statement or call changes what is in one of these names."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_function_of_a_library = _owner(node.func.value) in FUNCTIONAL
        yield (
            not is_function_of_a_library
            and node.func.attr in MUTATORS
            and _owner(node.func.value) in outer
        )
    for target in targets:
        yield not isinstance(target, ast.Name) and _owner(target) in outer


def _owner(one: ast.expr) -> str | None:
    """The name before all dots and brackets."""
    while isinstance(one, ast.Subscript | ast.Attribute):
        one = one.value
    return one.id if isinstance(one, ast.Name) else None
