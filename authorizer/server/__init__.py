"""The server on a recovered data folder: HTTP on one event loop until a signal, then its end."""
