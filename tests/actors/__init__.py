"""The actors on a real event loop, with a journal whose commits the test makes by hand."""
