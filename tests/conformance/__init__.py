"""Scenarios of the transaction endpoint as data, and what replays them."""
