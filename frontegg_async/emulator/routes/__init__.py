"""Routes of the emulator, one module for each group of the API."""
