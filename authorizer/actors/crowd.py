"""The accounts that have more closed purchases in memory than should be."""

import asyncio


class Crowd:
    """Accounts to be looked at, each once, the first that was noted before the others."""

    def __init__(self) -> None:
        self._noted: dict[str, None] = {}
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._noted)

    def note(self, account_id: str) -> None:
        """Have an account be looked at soon."""
        self._noted[account_id] = None
        self._woken.set()

    def look_again(self) -> None:
        """Have those that are left be looked at soon."""
        self._woken.set()

    def take(self) -> str:
        """Take the account that was noted first."""
        account_id = next(iter(self._noted))
        del self._noted[account_id]
        return account_id

    async def noted(self) -> None:
        """Return once there is one."""
        await self._woken.wait()
        self._woken.clear()
