"""Who is let in, how often, what they see of a person, and who has seen it."""
