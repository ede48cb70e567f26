"""The bridges to other libraries, each against the real thing."""
