"""Every setting: flags win over the environment, the environment over the TOML file."""
