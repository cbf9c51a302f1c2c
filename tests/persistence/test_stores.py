"""The stores: the same behaviour of a folder, an object store on loopback, and one in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from authorizer.persistence.stores.cloud_store import CloudStore
from authorizer.persistence.stores.folder_store import FolderStore
from authorizer.persistence.stores.places import open_store
from authorizer.persistence.stores.protocol import ObjectStore
from tests.support.command_line import everything
from tests.support.object_store import s3

# --- what every store does -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3() as url:
        yield url


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return open_store(f"{request.getfixturevalue('bucket')}/{tmp_path.name}")
    return open_store(str(tmp_path / "place") if request.param == "folder" else "memory:///")


def test_what_is_put_is_got(store: ObjectStore) -> None:
    store.put("f/a.bin", b"one\0")
    store.put("f/b.bin", b"")
    assert store.get("f/a.bin") == b"one\0"
    assert store.get("f/b.bin") == b""


def test_an_object_of_many_bytes_is_put_whole(store: ObjectStore) -> None:
    data = bytes(range(256)) * 50_000
    store.put("f/big", data)
    assert store.get("f/big") == data


def test_another_put_takes_the_place_of_the_first(store: ObjectStore) -> None:
    for put in (store.put, store.put_secret):
        put("f/a", b"a longer one")
        put("f/a", b"short")
        assert store.get("f/a") == b"short"
        assert store.sizes("f") == {"f/a": 5}


def test_a_folder_is_listed_with_its_sizes_and_nothing_beside_it(store: ObjectStore) -> None:
    assert store.sizes("f") == {}
    for name in ("f/b", "f/a", "fg/c", "f-d"):
        store.put(name, b"x" * len(name))
    assert store.sizes("f") == {"f/a": 3, "f/b": 3}


def test_what_is_not_there_is_told_with_its_name(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError, match="f/none"):
        store.get("f/none")


def test_what_is_removed_is_gone_and_may_have_been_gone(store: ObjectStore) -> None:
    store.put("f/a", b"x")
    store.remove("f/a")
    store.remove("f/a")
    assert store.sizes("f") == {}


# --- a folder ------------------------------------------------------------------------------------


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    FolderStore(tmp_path / "place").put("f/a", b"x")
    assert (tmp_path / "place" / "f" / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "place" / "f").stat().st_mode & 0o777 == 0o700


def test_what_a_secret_replaces_is_overwritten(tmp_path: Path) -> None:
    """A hard link sees what becomes of the file that was replaced."""
    store = FolderStore(tmp_path / "place")
    store.put_secret("f/a", b"the old secret")
    seen = tmp_path / "seen"
    seen.hardlink_to(tmp_path / "place" / "f" / "a")
    store.put_secret("f/a", b"the new one")
    assert seen.read_bytes() == bytes(14)
    assert everything(tmp_path / "place") == {"f/a": b"the new one"}


def test_a_secret_whose_replacing_was_broken_off_is_there_and_is_replaced(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "place")
    store.put_secret("f/a", b"the old secret")
    (tmp_path / "place" / "f" / "a").rename(tmp_path / "place" / "f" / "a.replaced.tmp")
    assert store.get("f/a") == b"the old secret"
    store.put_secret("f/a", b"the new one")
    assert everything(tmp_path / "place") == {"f/a": b"the new one"}


# --- an object store -----------------------------------------------------------------------------


def test_a_store_that_can_not_be_reached_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # without AWS_ALLOW_HTTP
    monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
    with pytest.raises(OSError, match=r"^s3://bucket/f/a: [^\n]+$"):
        CloudStore("s3://bucket").get("f/a")


def test_a_url_of_no_store_is_told() -> None:
    with pytest.raises(ValueError, match=r"^ftp://host/x: [^\n]+$"):
        open_store("ftp://host/x")


def test_without_the_library_it_is_said_which_extra_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "authorizer.persistence.stores.cloud_store", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ValueError, match=r"card-authorizer\[object-store\]"):
        open_store("s3://bucket")
