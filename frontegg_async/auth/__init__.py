"""Tokens of the environment and of users: fetched, kept, shared and renewed."""
