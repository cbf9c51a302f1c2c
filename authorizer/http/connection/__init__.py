"""A connection: bytes in, bytes out, and the bounds of both. Knows no call."""
