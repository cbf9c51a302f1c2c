"""Places for whole files beside the data folder: backups, and segments that were archived."""
