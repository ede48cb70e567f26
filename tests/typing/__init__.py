"""Files for type checkers: the inferred types are asserted, and no code in here is run."""
