"""What is asked of the limits for every account."""

from collections.abc import Mapping
from typing import NamedTuple

from authorizer.domain.accounts.limits import LimitTerms
from authorizer.domain.limits.state import GlobalLimits


class PutGlobalLimit(NamedTuple):
    """Put a limit on every account, or change it."""

    name: str
    terms: LimitTerms
    by: str

    def reply(self, _: GlobalLimits) -> None:
        """Nothing."""


class RemoveGlobalLimit(NamedTuple):
    """Take a limit away from every account."""

    name: str
    by: str

    def reply(self, _: GlobalLimits) -> None:
        """Nothing."""


class ReadGlobalLimits(NamedTuple):
    """List the limits for every account."""

    def reply(self, limits: GlobalLimits) -> Mapping[str, LimitTerms]:
        """The limits by their name, in the order in which they were put."""
        return dict(limits.terms)
