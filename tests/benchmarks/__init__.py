"""The benchmarks' pure parts, and that what they compare does the same work."""
