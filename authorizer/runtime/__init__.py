"""How an authorizer is put together of what the machine gives it."""
