"""Fleets: a token and limits that sessions, processes and machines share."""
