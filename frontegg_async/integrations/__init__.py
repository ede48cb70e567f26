"""Bridges to other libraries. Each module needs the extra of its name, and nothing imports it."""
