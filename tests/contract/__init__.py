"""The HTTP contract, area by area, over a real socket."""
