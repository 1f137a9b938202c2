#!/usr/bin/python3
# Which test shows each requirement, and how it ended last.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Lists the requirements of boot-tests/requirements.toml: id, tests, the last result of each.

A result is that of the last "make test" in BUILD; "not run" where there is none. Then what is open.
Faults are an id without a line, a line without a test, a test or a heading that is not there, and a
test whose comment names an id that there is not. With --check only these are looked for.

Exit status: 0 all is well, 1 a fault, or without --check something that is open or failed, 2 wrong
usage.
"""

import argparse
import pathlib
import re
import sys
import tomllib

sys.dont_write_bytecode = True
import run  # noqa: E402
import tdcase  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = tdcase.load_script(ROOT / "tools/check-docs.py")
LIST = "boot-tests/requirements.toml"
# Ids of each document: from R1 on, and those between two.
LAST = {"000": 9, "001": 97, "002": 19, "003": 17, "004": 26}
BETWEEN = ("003-R15a",)
IDS = [f"{document}-R{n}" for document, last in LAST.items() for n in range(1, last + 1)]
IDS += BETWEEN
NAMED = re.compile(r"\b\d{3}-R\d+[a-z]?\b")
OPEN = "open: "


def has(paths, pattern):
    """Is that in one of the files?"""
    return any(re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
               for path in paths)


def is_there(root, cases, evidence):
    """Is there such a test, or such a heading?"""
    path, _, name = evidence.partition(":")
    kind, _, file = path.partition("/")
    target, _, heading = evidence.partition("#")
    if target.endswith(".md"):
        readme = root / target
        return readme.is_file() and heading in DOCS.anchors(readme.read_text(encoding="utf-8"))
    if kind == "unit":
        return name != "" and has(root.glob(f"boot-tests/unit/*/{file}.c"),
                                  rf"^static void {re.escape(name)}\(void \*\*state\)")
    if kind == "python":
        return name != "" and has(root.glob(f"boot-tests/{file}.py"),
                                  rf"^ *def {re.escape(name)}\(")
    if kind == "fuzz":
        return (root / f"boot-tests/fuzz/{file}.c").is_file()
    return evidence in cases


def line_faults(root, cases, requirements):
    for name in IDS:
        if name not in requirements:
            yield f"{name}: no line"
    for name, line in requirements.items():
        if name not in IDS:
            yield f"{name}: no such id"
        if len(line) < 2:
            yield f"{name}: no test"
        for evidence in line[1:]:
            if not evidence.startswith(OPEN) and not is_there(root, cases, evidence):
                yield f"{name}: no test and no heading '{evidence}'"


def comment_faults(root):
    for path in sorted(root.glob("boot-tests/**/*")):
        if path.is_file() and path.suffix in (".c", ".h", ".nasm", ".py", ".toml"):
            for name in sorted(set(NAMED.findall(path.read_text(encoding="utf-8")))):
                if name not in IDS and path != root / LIST:
                    yield f"{path.relative_to(root)} names {name}: no such id"


def result(verdicts, evidence):
    """How it ended last. A case that is repeated is as good as its worst run."""
    if ".md#" in evidence:
        return "documented"
    test = evidence.partition(":")[0]
    found = {verdict for name, verdict in verdicts.items()
             if name == test or name.startswith(f"{test}#")}
    bad = sorted(found - {"PASS"})
    return bad[0] if bad else "PASS" if found else "not run"


def show(requirements, verdicts):
    """Prints all of it; returns how many are open, and how many results are bad."""
    open_ids, bad = [], 0
    for name in sorted(requirements, key=lambda name: (name[:3], int(re.findall(r"\d+", name)[1]),
                                                       name)):
        words, *tests = requirements[name]
        print(f"{name}: {words}")
        for evidence in tests:
            if evidence.startswith(OPEN):
                open_ids.append(f"{name}: {evidence.removeprefix(OPEN)}")
                continue
            ended = result(verdicts, evidence)
            bad += ended not in ("PASS", "SKIP", "documented", "not run")
            print(f"    {ended:<10}  {evidence}")
    print(f"{len(open_ids)} open:")
    print("".join(f"    {line}\n" for line in open_ids), end="")
    return len(open_ids), bad


def main():
    parser = argparse.ArgumentParser(prog="boot-tests/requirements.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--check", action="store_true", help="look for faults only")
    arguments = parser.parse_args()
    requirements = tomllib.loads((ROOT / LIST).read_text(encoding="utf-8"))
    cases = {case.name for case in run.load_cases(ROOT / "boot-tests/cases")}
    faults = [*line_faults(ROOT, cases, requirements), *comment_faults(ROOT)]
    print("".join(f"{LIST}: {fault}\n" for fault in faults), end="")
    still_open = bad = 0
    if not arguments.check:
        still_open, bad = show(requirements, run.load_verdicts(ROOT / arguments.build / "tests"))
    print(f"{len(requirements)} requirements, {len(faults)} faults"
          + ("" if arguments.check else f", {still_open} open, {bad} failed"))
    return 1 if faults or still_open or bad else 0


if __name__ == "__main__":
    sys.exit(main())
