"""The sets of roles that endpoints are declared with."""

from typing import Final

from authorizer.domain.access import Role

ANYBODY: Final = None
"""No key is needed."""
TERMINALS: Final = frozenset((Role.TERMINAL,))
"""Purchases."""
OPERATIONS: Final = frozenset((Role.OPERATOR,))
"""Accounts, credits and merchants are changed."""
OPERATIONS_READ: Final = OPERATIONS | {Role.AUDITOR}
CARE: Final = frozenset((Role.ATTENDANT, Role.SUPERVISOR))
"""Customers, cards and tickets are changed."""
CARE_READ: Final = CARE | {Role.AUDITOR}
SUPERVISION: Final = frozenset((Role.SUPERVISOR,))
ACCESSES_READ: Final = SUPERVISION | {Role.AUDITOR}
BOTH_READ: Final = OPERATIONS_READ | CARE_READ
