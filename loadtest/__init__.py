"""Load test of the authorizer with Locust.

``run.py`` is the whole test: it starts a server, loads it, kills it, restarts it and gives a
verdict. ``locustfile.py`` alone can be pointed at any running server.
"""
