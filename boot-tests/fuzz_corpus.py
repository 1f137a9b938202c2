#!/usr/bin/python3
# The inputs of a fuzzer: those that the tree keeps, and those that it has found here.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Print the folders of a fuzzer's inputs, as libFuzzer takes them: BUILD/corpus/NAME, which it adds
to, and BUILD/seeds/NAME, made of boot-tests/fuzz/corpus/NAME.hex, an input a line.

With --keep, these files become lines there instead.
"""

import argparse
import hashlib
import pathlib

KEPT = pathlib.Path(__file__).resolve().parent / "fuzz/corpus"


def kept(fuzzer):
    """The inputs that the tree has."""
    path = KEPT / f"{fuzzer}.hex"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []


def keep(fuzzer, inputs):
    lines = {content.hex() for content in (*kept(fuzzer), *inputs)} - {""}
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{fuzzer}.hex").write_text(
        "".join(f"{line}\n" for line in sorted(lines, key=lambda line: (len(line), line))))


def folders(fuzzer, build):
    grown, seeds = (pathlib.Path(build, name, fuzzer) for name in ("corpus", "seeds"))
    for folder in (grown, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for content in kept(fuzzer):
        (seeds / hashlib.sha1(content).hexdigest()).write_bytes(content)
    return [grown, seeds]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--keep", metavar="FILE", nargs="+", type=pathlib.Path)
    parser.add_argument("fuzzer", metavar="NAME", help="igvm_fuzz, ...")
    arguments = parser.parse_args()
    if arguments.keep:
        keep(arguments.fuzzer, [path.read_bytes() for path in arguments.keep])
    else:
        print(*folders(arguments.fuzzer, arguments.build))


if __name__ == "__main__":
    main()
