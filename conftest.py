"""The kit's conftest: it brings payproof to pytest. What is about a provider lives in suites/."""

pytest_plugins = ("payproof.plugin",)
