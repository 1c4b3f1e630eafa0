"""Contract testing and conformance for payments APIs: one judge, many sources of traffic."""

__version__ = "0.1.0"
