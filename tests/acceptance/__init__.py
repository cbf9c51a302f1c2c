"""The main job on the real documents: the challenge's payload, its merchants, the seed customer."""
