"""Tests of the session: its life, settings, observers, errors and secrets."""
