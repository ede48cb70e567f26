"""``frontegg-async call``: any operation from its coroutine's signature."""
