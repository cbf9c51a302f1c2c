"""Backups of a data folder: taken beside a server, kept in a store, checked and restored."""
