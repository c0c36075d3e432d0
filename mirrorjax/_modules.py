"""Modules of the user's, by name or by file."""

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from ._errors import InputError

FROM_FILE = "_mirrorjax_"
"""What the name of a module begins with that was loaded from a file."""


def load_module(source: str) -> ModuleType:
    """The module `package.module` or `path/to/file.py`; by name also from the current folder.

    **Raises:** `InputError` where there is none, or where it cannot be imported.
    """
    return _from_file(Path(source)) if source.endswith(".py") else _from_name(source)


def see_current_folder() -> None:
    """Modules of the current folder can be named; a console script's path begins at its own folder."""
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())


def _from_name(name: str) -> ModuleType:
    see_current_folder()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise _broken(name, error) from error
        raise InputError(
            f"no module {name!r}", "", f"its folder on PYTHONPATH, or {name.replace('.', '/')}.py"
        ) from None
    except (Exception, SystemExit) as error:
        raise _broken(name, error) from error


def existing_file(path: Path) -> Path:
    """The path with `~` expanded.

    **Raises:** `InputError` where there is no file.
    """
    with contextlib.suppress(RuntimeError):  # "~somebody" whom nobody knows
        path = path.expanduser()
    if not path.is_file():
        raise InputError("no such file", str(path))
    return path


def _from_file(path: Path) -> ModuleType:
    path = existing_file(path)
    name = f"{FROM_FILE}{path.stem}"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path.resolve()):
        return known
    found = importlib.util.spec_from_file_location(name, path.resolve())
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(str(path), error) from error
    return module


def _broken(name: str, error: BaseException) -> InputError:
    if isinstance(error, SystemExit):
        return InputError(f"importing {name} ends the program: it calls sys.exit({error.code!r})", name,
                          "the call under `if __name__ == '__main__':`")  # fmt: skip
    reason = next(iter(str(error).splitlines()), "no reason given")
    return InputError(f"importing {name} failed: {type(error).__name__}: {reason}", name)
