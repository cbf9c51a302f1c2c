"""A whole authorizer in memory, put together by `runtime.running.run` as the real one is.

Disk, clocks, chance and the writing of the journal are the simulation's, and none of them moves by
itself. So the same seed and the same steps make the same bytes.
"""
