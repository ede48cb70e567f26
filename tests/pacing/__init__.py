"""The pacing, in virtual time."""
