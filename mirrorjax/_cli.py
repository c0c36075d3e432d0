"""The command line. jax is imported inside the commands, so that `--help` and `list` answer at once."""

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ._errors import InputError, MirrorjaxError
from ._output import Stream, give_up_stdout, is_stdout, open_streams, printing_beside, write_json
from ._prepare import prepare_jax
from ._sweep_command import add_sweep, run_sweep
from ._train_options import add_train, with_defaults

if TYPE_CHECKING:
    from ._console import Results

HOLDS, REFUTED, INCONCLUSIVE, FAILED, INTERRUPTED = 0, 1, 2, 3, 130

EPILOG = """exit status: 0 all hold, 1 something refuted, 2 something inconclusive, 3 bad input or failure
a failure is told in one line; with MIRRORJAX_TRACEBACK=1 the traceback stands above it

examples:
  mirrorjax verify --report report            every theorem, with a report to open in a browser
  mirrorjax verify 'mask/*' --seed 1          one source, other random instances
  mirrorjax verify --quick                    a smoke test of every theorem
  mirrorjax new-theorem my_paper.py           a theorem of yours to begin with
  mirrorjax verify my_paper.py --report r     theorems of yours
  mirrorjax verify mask/3.3 --data my.csv --target y
  mirrorjax analyze model.py:g model.py:h --w0 w0.npy
  mirrorjax report diff old.json new.json     what changed since
  mirrorjax train pilot spred --data mnist    against each other at equal sparsity
  mirrorjax sweep phase-diagram --out p.zarr  a quantity on a grid of scales and doses
  mirrorjax explore                           drag dose, scale and x₀ in a page of your browser
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse exits with 2, which here means "inconclusive".
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"error: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = _Parser(
        prog="mirrorjax",
        description="Numerical verification of theorems on implicit bias.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=_version())
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    verify = commands.add_parser("verify", help="verify theorems and their controls")
    verify.add_argument("ids", nargs="*", metavar="ID", help="an id, 'mask/*', FILE.py, FILE.py::ID or a module")
    verify.add_argument("--deep", action="store_true", help="one rung more, relative tolerance 1e-12")
    verify.add_argument("--float32", action="store_true", help="single precision, which resolves 1e-4 where it can")
    verify.add_argument("--quick", action="store_true", help="a smoke test: one instance each, no errors planted")
    verify.add_argument("--json", metavar="FILE", type=Path, help="write the verdicts as JSON; - for stdout")
    verify.add_argument("--report", metavar="DIR", type=Path, help="write DIR/index.html and a page per theorem")
    verify.add_argument("--single-file", action="store_true", help="with --report: everything in DIR/index.html")
    verify.add_argument("--data", metavar="FILE.csv", type=Path, help="your table in place of the measurements")
    verify.add_argument("--target", metavar="COL", help="the column of --data to fit")
    verify.add_argument("--seed", type=_seed, default=0, help="seed of the random instances (default 0)")
    where = verify.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=_positive, metavar="N", help="processes; by default as many as cores, at most 8")
    where.add_argument("--executor", metavar="WHERE", help="processes:N, dask://HOST:PORT or mpi, in place of --jobs; "
                       "each machine with the same mirrorjax, and FILE.py at the same path")  # fmt: skip

    listing = commands.add_parser("list", help="all theorems, or those of a file or module")
    listing.add_argument("ids", nargs="*", metavar="ID")
    show = commands.add_parser("show", help="statement and source of one theorem")
    show.add_argument("ids", nargs="+", metavar="ID")
    cite = commands.add_parser("cite", help="BibTeX of the papers that theorems are from")
    cite.add_argument("ids", nargs="+", metavar="ID")
    new = commands.add_parser("new-theorem", help="write a commented file with a theorem to begin with")
    new.add_argument("file", metavar="FILE.py", type=Path)
    analyze = commands.add_parser(
        "analyze",
        help="is your pair (g, h) a mirror flow, and which",
        description="Is gradient flow on x = g(w) with decay h(w) a mirror flow in x, and what does decay do to it?",
        epilog="exit status: 0 mirror or rescaled-mirror, 1 not-mirror, 2 undecided, 3 bad input or failure",
    )
    analyze.add_argument("g", metavar="MODULE:g", help="or path/to/file.py:g; takes w, returns a float array (n,)")
    analyze.add_argument("h", metavar="MODULE:h", help="likewise; returns a float scalar")
    analyze.add_argument("--w0", metavar="FILE.npy", type=Path, required=True, help="the start (.npz: a dictionary)")
    analyze.add_argument("--json", metavar="FILE", type=Path, help="write the answer as JSON; - for stdout")
    analyze.add_argument("--report", metavar="DIR", type=Path, help="write DIR/index.html with a picture")
    analyze.add_argument("--seed", type=_seed, default=0, help="seed of the probes (default 0)")
    audit = commands.add_parser("audit", help="test printed formulas beside the ones that hold")
    audit.add_argument("ids", nargs="*", metavar="FILE.py", help="those that theorems of yours name as printed")
    audit.add_argument("--seed", type=_seed, default=0)
    explore = commands.add_parser("explore", help="write a page in which dose, scale and x₀ are dragged")
    explore.add_argument("--out", metavar="FILE.html", type=Path, default=Path("explore.html"),
                         help="the page, one file that needs no network (default explore.html)")  # fmt: skip
    _add_report(commands)
    add_train(commands, _positive)
    add_sweep(commands, _positive)
    return top


def _add_report(commands: "argparse._SubParsersAction[_Parser]") -> None:
    report = commands.add_parser("report", help="compare the results of two runs")
    actions = report.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    diff = actions.add_parser(
        "diff",
        help="what changed between two files of verify --json",
        description="Which theorems changed outcome, resolution (more than 10-fold), effect or detection limit, "
        "appeared or vanished, and what changed around them.",
        epilog="exit status: 0 no outcome got worse, 1 one did, 3 bad input or failure",
    )
    diff.add_argument("old", metavar="OLD.json", type=Path)
    diff.add_argument("new", metavar="NEW.json", type=Path)
    diff.add_argument("--html", metavar="FILE", type=Path, help="write it as a page too")


def _version() -> str:
    from . import __version__

    return f"mirrorjax {__version__}"


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a non-negative integer, got {text!r}")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a positive integer: {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status; whatever goes wrong, never one that is an answer."""
    open_streams()
    options = parser().parse_args(argv)
    try:
        status = COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        try:
            sys.stdout.flush()
        except OSError:
            give_up_stdout()
        with contextlib.suppress(OSError):  # stderr may be full as well
            if os.environ.get("MIRRORJAX_TRACEBACK"):
                traceback.print_exc()
            sys.stderr.write(_message(error))
            sys.stderr.flush()
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def _message(error: BaseException) -> str:
    """One line; nothing where the reader of a pipe (head, less) went away."""
    if isinstance(error, BrokenPipeError):
        return ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: neither report nor JSON was written\n"
    if isinstance(error, MirrorjaxError):
        return f"error: {error}\n"
    if isinstance(error, SystemExit):
        what = f"the program was ended by sys.exit({error.code!r}), which is no answer"
    elif isinstance(error, OSError):
        what = str(error)
    else:
        what = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}".removesuffix(": ")
    return f"error: {what}. Try: MIRRORJAX_TRACEBACK=1, which shows where\n"


def _list(options: argparse.Namespace) -> int:
    from .registry import entries_of

    entries = entries_of(options.ids)
    width = max(len(e.id) for e in entries)
    for entry in entries:
        print(f"{entry.id:<{width}}  {entry.title}")
    return HOLDS


def _show(options: argparse.Namespace) -> int:
    import textwrap

    from .registry import entries_of, sources_of

    for entry in entries_of(options.ids):
        print(f"{entry.id}: {entry.title}\n\nsource: {entry.source}\n")
        print(textwrap.fill(entry.statement, 100, break_long_words=False, break_on_hyphens=False))
        print(f"\ntested by: {entry.module}")
        for paper in sources_of(entry.source):
            print(textwrap.fill(str(paper), 100, initial_indent="paper: ", subsequent_indent="       "))
        print()
    return HOLDS


def _cite(options: argparse.Namespace) -> int:
    from .registry import entries_of, sources_of

    papers = {paper.key: paper for entry in entries_of(options.ids) for paper in sources_of(entry.source)}
    if not papers:
        raise InputError("no paper is named", ", ".join(options.ids), "`mirrorjax show`: the source in words")
    print("\n\n".join(paper.bibtex() for paper in papers.values()))
    return HOLDS


def _new_theorem(options: argparse.Namespace) -> int:
    from .registry import write_new_theorem

    path = write_new_theorem(options.file)
    print(f"{path}: a theorem that holds as it stands; mirrorjax verify {path}")
    return HOLDS


def _audit(options: argparse.Namespace) -> int:
    prepare_jax()
    from . import _console
    from .registry import audit_of, entries_of
    from .theorems import PREPRINT, audit

    if options.ids:
        asked = entries_of(options.ids)
        found = audit_of(options.ids, seed=options.seed)
        status = _console.print_audit(found, "Formulas as printed, beside the claims")
        without = [entry.id for entry in asked if entry.id not in {audited.item.where for audited in found}]
        if without:
            print(f"without a printed formula: {', '.join(without)}")
        return status
    return _console.print_audit(audit(options.seed), f"Formulas as printed in {PREPRINT}, and nothing beyond it")


def _analyze(options: argparse.Namespace) -> int:
    prepare_jax()
    from .analysis import analyze, effect_json, effect_table, load_function, load_weights, measured_effects
    from .checks import environment
    from .report import write_analysis

    _ensure_results(options, options.w0, *(Path(spec.rpartition(":")[0]) for spec in (options.g, options.h)))
    with printing_beside(options.json, options.report) as stdout:
        g, h, w0 = load_function(options.g), load_function(options.h), load_weights(options.w0)
        analysis = analyze(g, h, w0, seed=options.seed)
        effects = measured_effects(analysis)
        if options.json:
            content = {**analysis.as_json(), "effects": [effect_json(effect) for effect in effects]}
            write_json(options.json, {"environment": environment(), "analysis": content}, stdout)
        page = None
        if options.report:
            title = f"{options.g} under {options.h}"
            page = write_analysis(analysis, options.report, environment=environment(), title=title)
        print(analysis, effect_table(effects, analysis.n), sep="\n\n")
        if page:
            print(f"report: {page}")
    return {"not-mirror": REFUTED, "undecided": INCONCLUSIVE}.get(analysis.kind, HOLDS)


def _ensure_results(options: argparse.Namespace, *inputs: Path | None, pages: bool = False) -> None:
    """Finds out before the work whether JSON and report can be written, and beside each other and the inputs."""
    from .report import ensure_writable, index_of, pages_of

    if options.report:
        ensure_writable(options.report, pages=pages)
    if not options.json or is_stdout(options.json):
        return
    if options.json.is_dir():
        raise InputError("--json needs a file, got a folder", f"{options.json}")
    file = Path(os.path.realpath(options.json))
    for given in filter(None, inputs):
        if file == Path(os.path.realpath(given)):
            raise InputError("--json would replace what is read", f"{options.json}", "another name")
    if options.report:
        page, folder = index_of(options.report), pages_of(options.report)
        if file in (page, folder) or file in page.parents or {page, folder} & set(file.parents):
            raise InputError("--json and --report would write the same file", f"{options.json}", "another name")
    if not options.json.exists() or options.json.is_file():
        ensure_writable(file.parent).mkdir(parents=True, exist_ok=True)


def _verify(options: argparse.Namespace) -> int:
    from .registry import entries_of

    # Everything that can be wrong about the request is found out before the work starts.
    asked = entries_of(options.ids)
    if (options.data is None) != (options.target is None):
        raise InputError("--data and --target belong together", "", "--data FILE.csv --target COL")
    if options.single_file and not options.report:
        raise InputError("--single-file is about a report", "", "--report DIR --single-file")
    if options.float32 and options.deep:
        raise InputError("--float32 and --deep exclude each other", "float32 does not resolve 1e-12", "one of them")
    prepare_jax(double=not options.float32)
    from . import _console
    from ._workers import default_jobs

    _ensure_results(options, options.data, pages=not options.single_file)
    data = None
    if options.data is not None:
        from .problems import read_csv

        data = read_csv(options.data, options.target)
    jobs = options.jobs or default_jobs(len(asked))
    where = options.executor or (f"processes:{jobs}" if jobs > 1 else None)
    with printing_beside(options.json, options.report) as stdout:
        how = {name: getattr(options, name) for name in ("seed", "deep", "quick", "float32")} | {"data": data}
        drawn = {"options": _as_asked(options), "single_file": options.single_file}
        results = _console.run(asked, how, where, options.report, drawn)
        try:
            page = _write_verdicts(options, asked, results, stdout, drawn)
        finally:  # where a file cannot be written after all, what was measured is still told
            _console.print_verdicts(results.verdicts)
        if page:
            print(f"report: {page}")
    return _console.exit_status(results.verdicts)


def _as_asked(options: argparse.Namespace) -> list[str]:
    """The options that a verdict depends on, as they are written on the command line."""
    flags = [f"--{name}" for name in ("deep", "float32", "quick") if getattr(options, name)]
    table = ["--data", str(options.data), "--target", options.target] if options.data is not None else []
    return ["--seed", str(options.seed), *flags, *table]


def _write_verdicts(options, asked, results: "Results", stdout: Stream, drawn: Mapping[str, Any]) -> Path | None:
    from . import _console
    from .checks import environment
    from .report import write_report

    verdicts, sections, audit = results
    if options.json:
        write_json(options.json, _console.as_content(verdicts), stdout)
    if not options.report:
        return None
    return write_report(
        verdicts, options.report, environment=environment(), audit=audit, sections=sections, entries=asked, **drawn
    )


def _report(options: argparse.Namespace) -> int:
    from ._report import print_difference

    with printing_beside(options.html):
        return print_difference(options.old, options.new, options.html)


def _train(options: argparse.Namespace) -> int:
    # In single precision, as networks are trained: nothing here is a verdict.
    prepare_jax(double=False)
    from ._train_protocol import is_protocol, list_protocols, train_protocol

    if options.list:
        return list_protocols()
    if is_protocol(options.methods):
        with printing_beside(options.out):
            return train_protocol(options)
    from ._train import train

    for name in ("executor", "chunk"):
        if getattr(options, name):
            raise InputError(f"--{name} is for experiments", f"{' '.join(options.methods)}", "mirrorjax train --list")
    try:
        with printing_beside(options.out):
            train(with_defaults(options))
    except KeyboardInterrupt:
        print(f"interrupted: the same command goes on from {options.out}", file=sys.stderr)
        return INTERRUPTED
    return HOLDS


def _explore(options: argparse.Namespace) -> int:
    from .explorer import write_explorer

    print(f"{write_explorer(options.out)}: open it in a browser")
    return HOLDS


COMMANDS = {
    "verify": _verify, "list": _list, "show": _show, "cite": _cite, "new-theorem": _new_theorem,
    "audit": _audit, "analyze": _analyze, "report": _report, "explore": _explore, "train": _train,
    "sweep": run_sweep,
}  # fmt: skip
