"""Partitions on real sockets, with claims in a real Redis and a real PostgreSQL."""
