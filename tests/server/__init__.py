"""The server, apart from what it serves."""
