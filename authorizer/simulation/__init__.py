"""The authorizer in memory: a disk, clocks and a loop of its own, that nobody else moves."""
