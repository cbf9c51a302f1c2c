"""The journal's events for others: pages of them, without personal text."""
