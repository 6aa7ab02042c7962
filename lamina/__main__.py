"""`python -m lamina`, where the script is not installed."""

from lamina.cli import main

main()
