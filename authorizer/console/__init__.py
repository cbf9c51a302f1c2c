"""The console at `/console`: pages on which people work, over what the HTTP interface asks.

It asks the same actors and queries, with the same documents and the same sets of roles.
"""
