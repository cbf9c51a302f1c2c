"""What the project claims about its speed and size, measured: ``python -m benchmarks``.

Nothing here decides whether the tests pass: figures depend on the machine, and targets are printed
as met or missed. No priority is changed; what is pinned to a core is said where it is. Load
generator, server and disk share one machine, so run it on one that does nothing else.
"""
