"""What is put together around the actors."""
