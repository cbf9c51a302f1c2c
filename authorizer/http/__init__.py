"""HTTP in front of the actors: the hot path as raw ASGI, everything else on Starlette."""
