"""An actor-based in-memory card-transaction authorizer with snapshot persistence."""

__version__ = "0.1.0"
