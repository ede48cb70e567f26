"""Tests of operations, models, pages and tasks."""
