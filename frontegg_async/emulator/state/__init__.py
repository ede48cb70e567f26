"""The state of the emulated environment: users, tenants, roles, tokens, work."""
