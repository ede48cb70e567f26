"""The emulator, over a real socket, with a client that is not the SDK."""
