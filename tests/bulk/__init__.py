"""The bulk engine: plan, ledger, jobs, runs, progress and reports."""
