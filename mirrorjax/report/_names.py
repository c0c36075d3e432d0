"""Names of files and anchors for theorems, whose ids may be anything."""

import re
from collections.abc import Iterable, Sequence

_LONGEST = 80
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""What Windows takes for a device, whatever follows the point."""
_OURS = frozenset({"index", "top", "main", "filter", "verdicts", "environment", "printed-formulas", "reading"})


def file_names(ids: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """A name per theorem without its ending, `mask-3.1` for mask/3.1; no two that a file system could take for one.

    **Arguments:** `taken`: names that belong to others.

    !!! example
        >>> from mirrorjax.report._names import file_names
        >>> file_names(["mask/3.1", "../../x", "con", "Lab/1", "lab/1", "lab-1", "≤"])
        ['mask-3.1', 'x', 'theorem-con', 'Lab-1', 'lab-1-2', 'lab-1-3', 'theorem']
    """
    used = {name.casefold() for name in taken} | _OURS
    names = []
    for id in ids:
        name = base = file_name(id)
        count = 1
        while name.casefold() in used:
            count += 1
            name = f"{base}-{count}"
        used.add(name.casefold())
        names.append(name)
    return names


def file_name(id: str) -> str:
    """A name that every file system takes, in a few letters of ASCII; two ids may share one."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", id).strip(".-")[:_LONGEST].rstrip(".-")
    if not name or _DEVICES.match(name.casefold()):
        name = f"theorem-{name}".rstrip("-")
    return name
