"""Tests of the limits that a fleet shares."""
