"""`python -m payproof` is the `payproof` command."""

from payproof.cli import main

main()
