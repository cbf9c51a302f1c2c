"""The sets of roles that endpoints are declared with."""

from typing import Final

from authorizer.domain.access import Role

ANYBODY: Final = None
"""No key is needed."""
TERMINALS: Final = frozenset((Role.TERMINAL,))
"""Purchases are made, holds placed and incremented."""
OPERATIONS: Final = frozenset((Role.OPERATOR,))
"""Accounts, credits and merchants are changed."""
OPERATIONS_READ: Final = OPERATIONS | {Role.AUDITOR}
CARE: Final = frozenset((Role.ATTENDANT, Role.SUPERVISOR))
"""Customers, cards and tickets are changed."""
CARE_READ: Final = CARE | {Role.AUDITOR}
SUPERVISION: Final = frozenset((Role.SUPERVISOR,))
ACCESSES_READ: Final = SUPERVISION | {Role.AUDITOR}
BOTH_READ: Final = OPERATIONS_READ | CARE_READ
CAPTURES: Final = TERMINALS | OPERATIONS
"""Purchases are captured and reversed."""
REFUNDS: Final = CAPTURES | CARE
"""An attendant refunds by a ticket."""
PURCHASES_READ: Final = BOTH_READ
CONTROLS_READ: Final = CARE_READ | OPERATIONS
DECISIONS: Final = TERMINALS | BOTH_READ
"""A dry run moves nothing: all that post purchases or read them ask for one."""
