"""A file to begin with."""

import re
from pathlib import Path

from .._errors import InputError
from .._files import replace_text

TEMPLATE = Path(__file__).with_name("new_theorem.txt")


def write_new_theorem(path: Path) -> Path:
    """Writes a commented file with one theorem, which holds as it stands; its id is made of the file's name.

    **Arguments:**

    - `path`: of the file, ending in .py.

    **Returns:** the path.

    **Raises:** `InputError` for a name that does not end in .py, where a file is already, and where none can be
    written.
    """
    if path.suffix != ".py":
        raise InputError("a file of Python ends in .py", str(path), f"{path}.py")
    if path.exists():
        raise InputError("there is a file of that name", str(path), "another name")
    id = f"{re.sub(r'[^A-Za-z0-9]+', '-', path.stem).strip('-') or 'mine'}/1"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, TEMPLATE.read_text(encoding="utf-8").format(file=path.name, id=id))
    except OSError as error:
        raise InputError(f"it cannot be written: {error.strerror or error}", str(path), "another folder") from error
    return path
