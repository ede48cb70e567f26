"""The report page of a bulk run."""
