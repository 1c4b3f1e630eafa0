"""Every choice about the payments API that no document makes, one named line each, with its reason; see `assumed`."""
