"""Every choice about Zuora that no document makes, one named line each, with its reason; see `assumed`."""
