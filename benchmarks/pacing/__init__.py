"""The peers of the pacing, and the picture of how they compare."""
