#!/usr/bin/python3
# Breaks the code in one place at a time and shows that a test notices.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Apply each breakage of boot-tests/mutations.toml to a scratch copy of the tree and run the test
that must notice it. A breakage is killed when the copy builds and the test fails.

One line each; the last one is "N killed, N survived". Exit status: 0 if all were killed, 1
otherwise, 2 wrong usage.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = "boot-tests/mutations.toml"
BUILD_SECONDS = 900
TEST_SECONDS = 600


class Failure(Exception):
    """Why a breakage counts as not killed, in one line."""


@dataclasses.dataclass
class Mutation:
    name: str
    file: str   # from the root of the tree
    old: str    # occurs exactly once in it
    new: str
    test: str   # unit/NAME, fuzz/NAME, or the name of a boot case


def load(path):
    mutations = []
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
        mutations.append(Mutation(table["name"], table["file"], table["from"], table["to"],
                                  table["test"]))
    names = [mutation.name for mutation in mutations]
    for name in names:
        if names.count(name) != 1:
            raise ValueError(f"{path}: '{name}' is there {names.count(name)} times")
    return mutations


def copy_tree(scratch):
    """The files that git knows, as they are now; what has not changed keeps its time stamp."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    names = {name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()}
    for path in list(scratch.rglob("*")):
        name = path.relative_to(scratch)
        if path.is_file() and name.parts[0] != "build" and str(name) not in names:
            path.unlink()
    for name in names:
        source, target = ROOT / name, scratch / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    for folder in ("kernel", "firmware"):
        if (ROOT / "build" / folder).is_dir() and not (scratch / "build" / folder).exists():
            shutil.copytree(ROOT / "build" / folder, scratch / "build" / folder)


def run(command, scratch, log, seconds):
    """The command's exit status, or None when it did not end."""
    with open(log, "wb") as out:
        try:
            return subprocess.run(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, timeout=seconds, check=False).returncode
        except subprocess.TimeoutExpired:
            return None


def build(test, scratch, log):
    kind, _, name = test.partition("/")
    goals = {"unit": [f"build/unit/{name}"], "fuzz": [f"build/fuzzers/{name}"]}
    words = goals.get(kind, ["boot-programs"])
    if run(["make", "-s", f"-j{os.cpu_count()}", *words], scratch, log, BUILD_SECONDS) != 0:
        raise Failure(f"it does not build: {log}")


def passes(test, scratch, log):
    command = ["boot-tests/run.py", "--build", "build", "--only", f"^{re.escape(test)}(#|$)"]
    status = run(command, scratch, log, TEST_SECONDS)
    if status not in (0, 1):
        raise Failure(f"boot-tests/run.py ended with {status}: {log}")
    text = log.read_text(encoding="utf-8", errors="replace")
    if re.search(r"^[1-9]\d* passed, |^\d+ passed, [1-9]", text, re.MULTILINE) is None:
        raise Failure(f"no test {test}: {log}")
    return status == 0


def kill(mutation, scratch, log):
    path = scratch / mutation.file
    good = path.read_text(encoding="utf-8")
    if good.count(mutation.old) != 1:
        raise Failure(f"'{mutation.old}' is {good.count(mutation.old)} times in {mutation.file}")
    try:
        path.write_text(good.replace(mutation.old, mutation.new), encoding="utf-8")
        build(mutation.test, scratch, log)
        if passes(mutation.test, scratch, log):
            raise Failure(f"{mutation.test} passes")
    finally:
        path.write_text(good, encoding="utf-8")


def attempt(name, action):
    start = time.monotonic()
    verdict, note = "KILLED", ""
    try:
        action()
    except Failure as failure:
        verdict, note = "SURVIVED", f"  ({failure})"
    print(f"{verdict:<8} {time.monotonic() - start:6.1f} s  {name}{note}", flush=True)
    return verdict == "KILLED"


def check_good(test, scratch, log):
    """A test that fails on good code shows nothing."""
    build(test, scratch, log)
    if not passes(test, scratch, log):
        raise Failure(f"{test} fails without any breakage: {log}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="boot-tests/mutate.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="REGEX", default="",
                        help="only breakages whose name or test matches")
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build" / "mutate",
                        help="where the copy of the tree is kept (build/mutate)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    mutations = [mutation for mutation in load(ROOT / LIST)
                 if re.search(arguments.only, mutation.name) or
                 re.search(arguments.only, mutation.test)]
    scratch = arguments.scratch.resolve()
    copy_tree(scratch)
    logs = scratch / "build" / "mutate-logs"
    logs.mkdir(parents=True, exist_ok=True)
    for test in sorted({mutation.test for mutation in mutations}):
        try:
            check_good(test, scratch, logs / f"good-{test.replace('/', '-')}")
        except Failure as failure:
            sys.exit(f"mutate: {failure}")
    killed = sum(attempt(f"{mutation.name}: {mutation.test}",
                         lambda m=mutation, n=number: kill(m, scratch, logs / str(n)))
                 for number, mutation in enumerate(mutations))
    print(f"{killed} killed, {len(mutations) - killed} survived")
    return 0 if killed == len(mutations) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
