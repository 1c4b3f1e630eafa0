"""Every choice about Mercado Pago that no document makes, one named line each, with its reason; see `assumed`."""
