"""The kit's conftest: it brings payproof to pytest."""

pytest_plugins = ("payproof.plugin",)
