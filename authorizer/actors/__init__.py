"""Accounts and customers as actors on the event loop: one message at a time, nothing locked."""
