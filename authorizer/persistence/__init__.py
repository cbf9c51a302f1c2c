"""Disk: the journal that is the truth, and the snapshots that are a shortcut to it."""
