"""Every setting is wired: set to something else, the authorizer does something else."""
