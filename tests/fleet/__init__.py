"""Fleets: sessions that share a token and limits."""
