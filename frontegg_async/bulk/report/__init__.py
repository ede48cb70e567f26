"""The figures of a run, its failures as files, and its page."""
