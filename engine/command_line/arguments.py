"""The words of the command line: subcommands, options and what they may say."""

from __future__ import annotations

import argparse
import importlib.metadata
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.cache_folder import cache_folder
from engine.planning.options import RunOptions
from engine.similarity.store import FILE_NAME, LARGEST_BYTES
from engine.sizes import write_bytes

_PROGRAM = "weightloom"
_UNITS = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,4})?", re.ASCII)
_EXIT_STATUS = "exit status: 0 done, 1 the graph has problems, 2 wrong usage, 3 the run failed, 130 interrupted"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands; the chosen one's name is in `command`, its own parser in `parser`."""
    parser = argparse.ArgumentParser(
        _PROGRAM, description="Task arithmetic on checkpoints: exact, streamed, in bounded memory.", epilog=_EXIT_STATUS, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"{_PROGRAM} {find_version()}")
    add = parser.add_subparsers(dest="command", required=True, metavar="COMMAND").add_parser
    _add_run(_add_command(add, "run", "check, plan and run a graph, and write its exports with their reports"))
    _add_check(_add_command(add, "check", "show everything that is wrong with a graph, its formulas and its plan"))
    _add_inspect(_add_command(add, "inspect", "show what checkpoints hold, and whether they fit together"))
    _add_similarity(_add_command(add, "similarity", "compare the task vectors of fine-tuned checkpoints"))
    _add_sample(_add_command(add, "sample", "copy the sample pack and its graphs to a new folder"))
    return parser


def parse_words(words: Sequence[str]) -> argparse.Namespace:
    """Return what the words say.

    Raises:
        SystemExit: they ask for help or the version, which is written, or are wrong: then the usage of their own subcommand is.
    """
    chosen, unknown = make_parser().parse_known_args(words)
    if unknown:
        chosen.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return chosen


def find_version() -> str:
    """Return the installed version; a source tree that was never installed says so."""
    try:
        return importlib.metadata.version(_PROGRAM)
    except importlib.metadata.PackageNotFoundError:
        return "0.1.0 (not installed)"


def read_options(chosen: argparse.Namespace) -> RunOptions:
    """Return the run options that the words of `run` stand for."""
    return RunOptions(
        output=chosen.output,
        device=chosen.device,
        memory_bytes=chosen.memory,
        staging=chosen.staging,
        overwrite=chosen.overwrite,
        keep_partial=chosen.keep_partial,
        allow_outside=chosen.allow_outside,
        measure_again=chosen.measure_again,
        fingerprints=chosen.fingerprints,
        flush=chosen.flush,
    )


def parse_size(text: str) -> int:
    """Return the bytes that a size such as 2GiB, 512MB or 1000000 stands for.

    Raises:
        ArgumentTypeError: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].lower() not in _UNITS:
        message = f"“{text}” is no size; write a number with MB, GB, MiB or GiB, for example 2GiB"
        raise argparse.ArgumentTypeError(message)
    size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size <= 0:
        message = f"“{text}” is no memory at all"
        raise argparse.ArgumentTypeError(message)
    return size


def _parse_device(text: str) -> str:
    if _DEVICE.fullmatch(text) is None:
        message = f"“{text}” is no device; it can be auto, cpu, cuda, cuda:N or mps"
        raise argparse.ArgumentTypeError(message)
    return text


def _parse_switch(text: str) -> bool:
    if text not in ("on", "off"):
        message = f"“{text}” is neither on nor off"
        raise argparse.ArgumentTypeError(message)
    return text == "on"


def _parse_folder(text: str) -> Path:
    if not text.strip() or "\0" in text:
        message = f"“{text}” names no folder"
        raise argparse.ArgumentTypeError(message)
    return Path(text).expanduser()


def _add_command(add_parser: Callable[..., argparse.ArgumentParser], name: str, sentence: str) -> argparse.ArgumentParser:
    parser = add_parser(name, help=sentence, description=sentence[0].upper() + sentence[1:] + ".", allow_abbrev=False)
    parser.set_defaults(parser=parser)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.loom")
    add = parser.add_argument
    add("--set", action="append", default=[], metavar="NODE.PARAMETER=VALUE", help="use another value: JSON, else text; may be repeated")
    add(
        "--output", type=_parse_folder, metavar="FOLDER", help="write there, instead of the folder of the one output node; may lie anywhere"
    )
    add("--device", type=_parse_device, default="auto", metavar="NAME", help="auto (the default), cpu, cuda, cuda:N or mps")
    add("--memory", type=parse_size, metavar="SIZE", help="bound of the whole process, such as 2GiB; default: half of the free memory")
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument("--resume", dest="staging", action="store_const", const="resume", help="go on with an unfinished run")
    unfinished.add_argument("--restart", dest="staging", action="store_const", const="restart", help="throw an unfinished run away")
    add("--overwrite", action="store_true", help="replace an earlier export, and only the files that its own report lists")
    add("--keep-partial", action="store_true", help="keep what a stopped or failed run has staged")
    add("--allow-outside", action="store_true", help="let the graph write outside the folder it lies in")
    add("--measure-again", action="store_true", help="measure also what an earlier run has measured of the same weights and data")
    add("--fingerprints", type=_parse_switch, default=True, metavar="on|off", help="SHA-256 of every input in the export (on)")
    add("--flush", type=_parse_switch, default=True, metavar="on|off", help="wait until the disk has the bytes (on)")
    add("--json", action="store_true", help="one event a line on standard output")
    parser.set_defaults(staging="fresh")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.loom")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", metavar="CHECKPOINT", help="a file, a folder, or hub:org/name@revision")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _add_similarity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="the checkpoint that the others were fine-tuned from")
    tuned = (
        "a checkpoint, a LoRA adapter, or the folder of a training: its checkpoint-500, checkpoint-1000 … one by one, and step by step; "
        "several whose names tell their learning rates (digits-lr-1e-4) are compared by these, too"
    )
    parser.add_argument("tuned", nargs="+", metavar="TUNED", help=tuned)
    parser.add_argument("--per-layer", action="store_true", help="layer by layer too")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.epilog = (
        f"What is measured is kept for the next time, and for the window, in {cache_folder() / FILE_NAME}: at most "
        f"{write_bytes(LARGEST_BYTES)}, then what was used least goes. It may be deleted; WEIGHTLOOM_CACHE names another folder."
    )


def _add_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=_parse_folder, metavar="FOLDER", help="a folder that does not exist yet, or is empty")
