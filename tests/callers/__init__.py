"""Verification of callers, over a server of keys that is not the emulator."""
