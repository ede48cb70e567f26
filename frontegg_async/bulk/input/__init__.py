"""Rows as they come in: files, pipes, iterables, their columns and cells."""
