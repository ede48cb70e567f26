"""Other people's clients before the emulator, each in an environment of its own."""
