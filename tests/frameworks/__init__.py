"""Web frameworks: applications that authenticate callers and call Frontegg."""
