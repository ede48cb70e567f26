"""The inside: nothing here is covered by semantic versioning, and all of it may move."""
