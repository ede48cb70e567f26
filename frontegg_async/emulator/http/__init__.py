"""Requests and responses, on the wire and in the record."""
