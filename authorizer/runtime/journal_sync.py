"""Who waits for the journal's disk: the kernel, where it can, and else a thread."""

import asyncio
import errno

import structlog

from authorizer.persistence.journal.journal_thread import JournalThread
from authorizer.persistence.journal.kernel_syncs import KernelSyncs, NoKernelSyncsError
from authorizer.persistence.journal.loop_journal import LoopJournal
from authorizer.persistence.journal.protocol import Journal, TwoStepJournal
from authorizer.settings.kinds import JournalSync

log = structlog.get_logger()


def synced(journal: TwoStepJournal, how: JournalSync) -> Journal:
    """A journal that the running event loop may submit to, as the setting `journal_sync` says.

    OSError if it is to be `aio`, and this system can't do that with the journal's files.
    """
    if how == "thread":
        return JournalThread(journal)
    try:
        return LoopJournal(journal, KernelSyncs(asyncio.get_running_loop(), journal.file))
    except NoKernelSyncsError as error:
        if how == "aio":
            raise OSError(errno.ENOTSUP, f"journal_sync aio: this system can't: {error}") from error
        log.info("a thread waits for the journal's disk, not the kernel", problem=str(error))
        return JournalThread(journal)
