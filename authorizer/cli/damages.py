"""What commands raise of files that are not as they should be."""

from typing import Final

from authorizer.persistence.api_keys import ApiKeysDamagedError
from authorizer.persistence.backup.manifest import BackupDamagedError
from authorizer.persistence.backup.segment_copies import BackupRefusedError
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.local_disk import DataFolderInUseError
from authorizer.persistence.privacy.keyring import VaultDamagedError

DAMAGES: Final = (
    ApiKeysDamagedError,
    BackupDamagedError,
    BackupRefusedError,
    DataFolderInUseError,
    JournalDamagedError,
    VaultDamagedError,
)
"""They are told in one line."""
