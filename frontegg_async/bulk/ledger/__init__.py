"""The ledger of a run: rows, intents and outcomes in an SQLite file, and its one writer."""
