"""Structured logs on standard error: JSON lines, or readable ones on a terminal."""
