"""The command line, against an emulator on a real socket."""
