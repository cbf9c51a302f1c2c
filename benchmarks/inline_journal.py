"""A server whose event loop waits for every sync itself, to be measured beside those there are.

python -m benchmarks.inline_journal serve …
"""

from unittest.mock import patch

from authorizer.cli import main
from authorizer.persistence.journal.protocol import Journal, TwoStepJournal
from authorizer.settings.kinds import JournalSync


def inline(journal: TwoStepJournal, _: JournalSync) -> Journal:
    """The journal as it is: it writes and syncs in the thread of its caller."""
    return journal


if __name__ == "__main__":
    with patch("authorizer.runtime.world.synced", inline):
        main()
