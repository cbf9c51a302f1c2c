"""`python -m authorizer`."""

from authorizer.cli import main

main(prog_name="authorizer")
