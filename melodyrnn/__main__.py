"""python -m melodyrnn."""

from melodyrnn.cli import main

if __name__ == "__main__":
    main()
