"""What every store promises: whole objects by name, put durably and at once."""

from typing import Protocol


class ObjectStore(Protocol):
    """Objects with names like `folder/file`. One that is half written is never seen."""

    def sizes(self, folder: str) -> dict[str, int]:
        """The names of the objects in a folder, with it in front, and how many bytes each holds."""

    def put(self, name: str, data: bytes) -> None:
        """Have an object hold these bytes, durably, in place of all that it held."""

    def put_secret(self, name: str, data: bytes) -> None:
        """Put an object, and leave nothing of what it held before, as far as the store can."""

    def get(self, name: str) -> bytes:
        """All of an object's bytes. FileNotFoundError if there is none."""

    def remove(self, name: str) -> None:
        """Take an object away, if it is there."""

    def path(self, name: str) -> str:
        """An object's name in messages. All other methods raise OSError where the store fails."""
