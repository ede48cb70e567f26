"""``frontegg-async bulk``: runs, ledgers, progress, signals."""
