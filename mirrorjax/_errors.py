"""Errors that say what is wrong, where, and what to try."""


class MirrorjaxError(Exception):
    """Base of everything that mirrorjax raises on purpose.

    **Arguments:**

    - `what`: what is wrong.
    - `where`: where it was found; may be empty.
    - `hint`: what to try; may be empty.
    """

    def __init__(self, what: str, where: str = "", hint: str = ""):
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what + (f" [{where}]" if where else "") + (f". Try: {hint}" if hint else ""))


class InputError(MirrorjaxError, ValueError):
    """An argument that cannot be used."""


class SolverError(MirrorjaxError, RuntimeError):
    """A numerical routine that stopped before its end."""
