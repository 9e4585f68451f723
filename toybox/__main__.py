"""``python -m toybox``, which is ``toybox``."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
