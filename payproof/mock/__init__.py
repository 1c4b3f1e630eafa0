"""The reference server: a second, independent reading of the vendors' documents.

Nothing here imports the engine or opens a spec or a contract, so that an error in those shows up as a disagreement.
"""
