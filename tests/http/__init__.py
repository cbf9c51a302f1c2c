"""The pure parts of the HTTP front: bytes in, values out, without a server."""
