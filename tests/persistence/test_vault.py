"""The keys of personal data: made durably, destroyed for good, and never anybody else's."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authorizer.domain.sealing import Sealed, unsealed
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.keyring import HEADER, SLOT_BYTES, Keyring, VaultDamagedError
from authorizer.persistence.privacy.vault import FILE, Vault, read_keys
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk

NAME = f"keys/{FILE}"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])


def vault_with(*customer_ids: str, disk: MemoryDisk | None = None) -> Vault:
    vault = Vault(disk or MemoryDisk(), "keys")
    vault.create(customer_ids)
    return vault


# --- sealing -------------------------------------------------------------------------------------


@unhurried
@given(texts, texts)
def test_a_text_comes_back_with_the_key_of_its_customer(customer_id: str, plain: str) -> None:
    vault = vault_with(customer_id)
    sealed = vault.seal(customer_id, plain)
    assert vault.open(customer_id, sealed) == plain
    assert sealed.startswith("v1:")
    assert sealed.isascii()


def test_a_sealed_text_says_nothing_of_what_is_in_it() -> None:
    """Neither does it say that two texts are the same."""
    vault = vault_with("c")
    assert len({vault.seal("c", "Leonardo Morais") for _ in range(100)}) == 100
    assert "Leonardo" not in vault.seal("c", "Leonardo Morais")


def test_a_text_opens_for_nobody_else() -> None:
    """Not even with the right key: the customer is part of what is authenticated."""
    disk = MemoryDisk()
    vault = vault_with("c", "d", disk=disk)
    sealed = vault.seal("c", "x")
    assert vault.open("d", sealed) is None
    forged = Keyring(disk.read(NAME))
    forged._at = dict.fromkeys(forged._at.keys(), next(iter(vault._at.values())))
    assert [forged.open(each, sealed) for each in "cd"].count("x") <= 1


@pytest.mark.parametrize("change", [0, 20, -1, -3])
def test_a_text_that_was_changed_opens_no_more(change: int) -> None:
    vault = vault_with("c")
    sealed = vault.seal("c", "x" * 40)
    body = sealed.removeprefix("v1:")
    other = "A" if body[change] != "A" else "B"
    index = change % len(body)
    assert vault.open("c", Sealed("v1:" + body[:index] + other + body[index + 1 :])) is None


@pytest.mark.parametrize("sealed", ["", "v1:", "v1:é", "v1:AAAA", "nonsense"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    assert vault_with("c").open("c", Sealed(sealed)) is None


@given(texts)
def test_what_an_older_version_journaled_is_read_without_a_key(plain: str) -> None:
    assert Keyring(HEADER).open("c", unsealed(plain)) == plain


def test_nothing_is_sealed_without_a_key() -> None:
    vault = vault_with("c")
    assert not vault.has_key("d")
    with pytest.raises(KeyError):
        vault.seal("d", "x")


# --- keys on the disk ----------------------------------------------------------------------------


def test_keys_are_there_after_a_restart() -> None:
    disk = MemoryDisk()
    vault = vault_with("c", "d", disk=disk)
    sealed = vault.seal("c", "x")
    disk.lose_power(Random(1))
    again = Vault(disk, "keys")
    assert len(again) == 2
    assert again.open("c", sealed) == "x"


def test_a_key_is_made_once() -> None:
    vault = vault_with("c")
    sealed = vault.seal("c", "x")
    vault.create(["c", "c", "d"])
    assert vault.open("c", sealed) == "x"
    assert len(vault) == 2


def test_many_keys_are_one_write_and_one_sync() -> None:
    disk = MemoryDisk()
    vault = Vault(disk, "keys")
    before = len(disk.steps)
    vault.create(map(str, range(1000)))
    assert disk.steps[before:] == ["write", "sync"]
    assert disk.size(NAME) == len(HEADER) + 1000 * SLOT_BYTES


def test_no_key_is_there_before_it_is_durable() -> None:
    """A key that a crash takes back would take what was sealed with it along."""
    disk = FaultyDisk(MemoryDisk())
    vault = Vault(disk, "keys")
    disk.fail("sync", NAME)
    with pytest.raises(OSError, match="error"):
        vault.create(["c"])
    assert not vault.has_key("c")


def test_a_destroyed_key_is_zeros_in_its_place() -> None:
    disk = MemoryDisk()
    vault = vault_with("c", "d", disk=disk)
    sealed, other = vault.seal("c", "x"), vault.seal("d", "y")
    before = disk.read(NAME)
    (at,) = (at for identity, at in vault._at.items() if vault._key("c") in before[at : at + 64]
             and identity)  # fmt: skip
    key = vault._key("c")
    vault.destroy(["c"])
    after = disk.read(NAME)
    assert after == before[:at] + bytes(SLOT_BYTES) + before[at + SLOT_BYTES :]
    assert key not in bytes(vault._slots)
    assert vault.open("c", sealed) is None
    assert not vault.has_key("c")
    assert vault.open("d", other) == "y"
    again = Vault(disk, "keys")
    assert (len(again), again.damaged) == (1, 0)
    assert again.open("c", sealed) is None


def test_a_key_made_anew_opens_nothing_old() -> None:
    vault = vault_with("c")
    sealed = vault.seal("c", "x")
    vault.destroy(["c"])
    vault.destroy(["c", "nobody"])
    vault.create(["c"])
    assert vault.open("c", sealed) is None


@pytest.mark.parametrize("length", [1, 5, SLOT_BYTES - 1])
def test_a_torn_last_slot_is_cut_and_the_next_key_takes_its_place(length: int) -> None:
    disk = MemoryDisk()
    vault = vault_with("c", disk=disk)
    sealed = vault.seal("c", "x")
    whole = disk.read(NAME)
    disk.put(NAME, whole + os.urandom(length))
    again = Vault(disk, "keys")
    assert disk.read(NAME) == whole
    again.create(["d"])
    third = Vault(disk, "keys")
    assert (len(third), third.damaged) == (2, 0)
    assert third.open("c", sealed) == "x"


@pytest.mark.parametrize("length", range(0, len(HEADER), 7))
def test_a_torn_beginning_is_made_whole(length: int) -> None:
    disk = MemoryDisk()
    disk.put(NAME, HEADER[:length])
    assert vault_with("c", disk=disk).has_key("c")
    assert disk.read(NAME).startswith(HEADER)


@pytest.mark.parametrize("content", [b"x", b"x" * 64, HEADER[:-1] + b"x", bytes(128)])
def test_a_file_of_something_else_is_left_alone(content: bytes) -> None:
    disk = MemoryDisk()
    disk.put(NAME, content)
    with pytest.raises(VaultDamagedError, match="no key file"):
        Vault(disk, "keys")
    assert disk.read(NAME) == content


def test_a_damaged_slot_is_counted_and_the_others_are_read() -> None:
    disk = MemoryDisk()
    vault = vault_with("c", "d", disk=disk)
    at = vault._at.copy()
    content = bytearray(disk.read(NAME))
    content[max(at.values()) + 40] ^= 1
    disk.put(NAME, bytes(content))
    again = Vault(disk, "keys")
    assert (len(again), again.damaged) == (1, 1)
    again.destroy(["c", "d"])
    assert set(disk.read(NAME)[len(HEADER) :]) == {0}


def test_a_key_that_is_there_twice_is_destroyed_twice() -> None:
    """As where the slots of one file were put behind those of another."""
    disk = MemoryDisk()
    vault = vault_with("c", "d", disk=disk)
    sealed = vault.seal("d", "y")
    slots = disk.read(NAME)[len(HEADER) :]
    disk.put(NAME, HEADER + 3 * slots)
    again = Vault(disk, "keys")
    assert len(again) == 2
    again.destroy(["c"])
    assert not Vault(disk, "keys").has_key("c")
    assert disk.read(NAME).count(bytes(SLOT_BYTES)) == 3
    assert again.open("d", sealed) == "y"


def test_keys_are_read_beside_a_server_and_nothing_is_changed() -> None:
    disk = MemoryDisk()
    vault = vault_with("c", disk=disk)
    sealed = vault.seal("c", "x")
    disk.put(NAME, disk.read(NAME) + b"torn")
    before = disk.files()
    assert read_keys(disk, "keys").open("c", sealed) == "x"
    assert disk.files() == before


def test_nobody_else_may_read_the_keys(tmp_path: Path) -> None:
    vault = Vault(LocalDisk(tmp_path), "keys")
    vault.create(["c"])
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    sealed = vault.seal("c", "x")
    vault.destroy(["c"])
    assert set((tmp_path / NAME).read_bytes()[len(HEADER) :]) == {0}
    assert vault.open("c", sealed) is None
    vault.close()


@pytest.mark.parametrize("seed", range(40))
def test_whatever_dies_at_any_step_a_key_is_there_or_it_is_not(seed: int) -> None:
    """One that was told durable is there; one that was told destroyed is in no byte."""
    random = Random(seed)
    disk = MemoryDisk()
    made: dict[str, Sealed] = {}
    destroyed: set[bytes] = set()
    for life in range(6):
        vault = Vault(disk, "keys")
        for sealed_of, sealed in made.items():
            assert vault.open(sealed_of, sealed) == sealed_of
        content = disk.read(NAME)
        assert not any(key in content for key in destroyed)
        assert vault.damaged == 0
        disk.die_after(random.randrange(12))
        dying: str | None = None
        try:
            for number in range(4):
                new = f"{life}.{number}"
                vault.create([new, f"{new}+"])
                made[new] = vault.seal(new, new)
                if made and random.random() < 0.5:
                    dying = random.choice(list(made))
                    key = vault._key(dying)
                    vault.destroy([dying])
                    destroyed.add(key)
                    del made[dying]
                    dying = None
        except MachineDied:
            if dying is not None:
                del made[dying]
        disk.lose_power(random) if random.random() < 0.7 else disk.kill()
