"""Webhooks and prehooks: signatures, bodies, verdicts, and the emulator that sends them."""
