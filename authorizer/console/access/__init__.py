"""Who is let in to the console: people, their passwords and second factors, sessions, forms."""
