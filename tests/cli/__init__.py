"""The commands, mostly in this process; with real ones where a lock or a signal is the point."""
