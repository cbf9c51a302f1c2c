"""The configured part of a policy ⇄ plain values, as the journal keeps it.

All fields that `Policy` takes are in it, new ones as soon as they are there. What older records do
not tell has its default, which decides as was decided before there was such a field. The merchants
and the limits for every account are no settings: they have events of their own.
"""

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any, Final, TypeVar, get_type_hints

from authorizer.domain.accounts.policy import Policy
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.revival import reviver

_OF_THE_STATE: Final = frozenset(("merchants", "global_limits"))

T = TypeVar("T")


def policy_values(policy: Policy) -> dict[str, Any]:
    """The settings that decide, by their names, as JSON gives them back."""
    return {
        each.name: _plain(getattr(policy, each.name))
        for each in _settings(policy)
        if each.name not in _OF_THE_STATE
    }


def policy_from(
    values: Mapping[str, Any], merchants: MerchantTable, global_limits: GlobalLimits
) -> Policy:
    """The policy with these settings, and with these tables. Names it does not know say nothing."""
    own = {name: value for name, value in values.items() if name not in _OF_THE_STATE}
    return _made(Policy, own, merchants=merchants, global_limits=global_limits)


def _settings(of: Any) -> list[Field[Any]]:
    return [each for each in fields(of) if each.init]


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in _settings(value)}
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _made(kind: type[T], values: Mapping[str, Any], **others: Any) -> T:
    hints = get_type_hints(kind, include_extras=True)
    known: Any = kind
    told = {
        each.name: _revived(hints[each.name], values[each.name])
        for each in _settings(known)
        if each.name in values
    }
    return kind(**told, **others)


def _revived(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return _made(hint, value)
    return reviver(hint)(value)
