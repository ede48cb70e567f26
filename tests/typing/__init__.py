"""Files for type checkers: what they infer is asserted, and nothing in here is run."""
