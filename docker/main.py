"""`python /app/main.py STAGE`, as the owner's guide writes it: what `lamina STAGE` does."""

from lamina.cli import main

if __name__ == "__main__":
    main()
