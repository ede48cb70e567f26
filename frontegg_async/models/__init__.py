"""Structs for what is sent and what comes back, one module per API group."""
