"""`courtside-central`, also as `python -m central`."""

from central.cli.program import program


def main() -> None:
    """Run the command the arguments name; ends the process."""
    program(prog_name="courtside-central")


if __name__ == "__main__":
    main()
