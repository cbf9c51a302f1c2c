"""Where closed purchases lie once they have left memory. All of it can be made from the journal."""
