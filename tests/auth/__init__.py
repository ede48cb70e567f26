"""Tests of tokens and logins."""
