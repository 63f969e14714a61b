"""The command line: one file for each command, one boundary for every error."""
