"""The bulk engine: plan, ledger, jobs, runs, and what is seen of them."""
