"""Event streams: answers that go on until their client leaves, so many at a time."""

from collections.abc import AsyncIterable, Mapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from authorizer.http.api.negotiation import EVENT_STREAM
from authorizer.http.connection.cycles import ENDLESS


class Slots:
    """Places, each for one stream. Whoever takes one sees to it that it is freed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def __len__(self) -> int:
        return self._taken

    def take(self) -> bool:
        """Take one; False where none is free."""
        if self._taken >= self._most:
            return False
        self._taken += 1
        return True

    def free(self) -> None:
        """Give one back."""
        self._taken -= 1


class EndlessResponse(StreamingResponse):
    """An event stream, for which a slot was taken. However it ends, it frees that."""

    media_type = EVENT_STREAM

    def __init__(
        self, content: AsyncIterable[Any], slots: Slots, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, headers={**headers, "X-Accel-Buffering": "no"})
        self._slots = slots

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ENDLESS] = True
        try:
            if scope["method"] == "HEAD":  # Starlette would go on with what nobody is sent
                start = {"type": "http.response.start", "status": self.status_code}
                await send({**start, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._slots.free()
