"""Partitions: rows on an engine's workers, tables in and out, and claims that attempts share."""
