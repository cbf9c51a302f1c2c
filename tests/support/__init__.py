"""Helpers of the black-box tests: they know the HTTP contract and nothing of the code behind it.

`server` starts and ends the process, `client` sends one request, `together` sends many at once,
`documents` writes and reads JSON without losing a digit. Standard library only, so that
`tests/conformance/run.py` can use them without anything installed.
"""
