"""Kits are judged by `payproof run --kit`; pytest collects none of them here."""

collect_ignore_glob = ["*"]
