"""HTTP in front of the actors: the hot path as raw ASGI, everything else on Starlette.

One file a resource. A handler declares its endpoint, with its roles, by `@endpoint`.
"""
