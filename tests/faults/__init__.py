"""What survives when the process does not."""
