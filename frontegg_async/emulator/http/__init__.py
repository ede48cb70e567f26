"""Requests and answers of the emulator, as they are on the wire and in its record."""
