"""Tests of the inside: sending, transports, retries, responses."""
