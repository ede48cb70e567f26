"""The whole API, driven by its table of operations, and held against Frontegg's own OpenAPI.

``python -m tests.drift FILE ...`` prints the differences between documents and SDK.
"""
