"""journal: how fast records become durable, and how fast the disk syncs at all.

The journal writes and syncs one batch after the other, as the server's journal thread does;
encoding the events is not part of it. The bare disk appends as many bytes and calls fdatasync, with
no journal around it.
"""

import os
import time
from pathlib import Path
from statistics import median

from authorizer.persistence.state.record import encode
from benchmarks.journals import new_journal, purchases_approved
from benchmarks.report import Figure

NAME = "journal"
BATCH_RECORDS = (1, 64, 1024)
DISTINCT_RECORDS = 4096


def measure(folder: Path, *, turns: int, turn_seconds: float) -> list[Figure]:
    """Take turns between the journal and the bare disk with each size of batch; the medians."""
    records = [encode(event) for event in purchases_approved(DISTINCT_RECORDS, DISTINCT_RECORDS)]
    mean_bytes = sum(map(len, records)) / len(records)
    figures = [Figure(NAME, "size of a purchase's record", mean_bytes, "bytes")]
    for batch_records in BATCH_RECORDS:
        batches = [records[at : at + batch_records] for at in range(0, len(records), batch_records)]
        batch_bytes = b"x" * int(mean_bytes * batch_records)
        journaled, bare = [], []
        for turn in range(turns):
            name = f"{batch_records}-{turn}"
            journaled.append(_batches_per_second(folder / name, batches, turn_seconds))
            bare.append(_syncs_per_second(folder / f"bare-{name}", batch_bytes, turn_seconds))
        appended = median(journaled) * batch_records
        figures += [
            Figure(NAME, f"batches of {batch_records:>4}: durable records", appended, "1/s"),
            Figure(NAME, f"batches of {batch_records:>4}: journal syncs", median(journaled), "1/s"),
            Figure(NAME, f"batches of {batch_records:>4}: bare fdatasync", median(bare), "1/s"),
        ]
    return figures


def _syncs_per_second(path: Path, data: bytes, seconds: float) -> float:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            os.write(descriptor, data)
            os.fdatasync(descriptor)
            count += 1
        return count / (time.perf_counter() - started)
    finally:
        os.close(descriptor)
        path.unlink()


def _batches_per_second(folder: Path, batches: list[list[bytes]], seconds: float) -> float:
    journal = new_journal(folder)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        journal.write(journal.position + 1, batches[count % len(batches)])
        count += 1
    elapsed_s = time.perf_counter() - started
    journal.close()
    return count / elapsed_s
