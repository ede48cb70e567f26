"""Tokens: the environment's and users', how they are fetched, kept, shared and renewed."""
