#!/usr/bin/env python3
# Checks what can be checked of the READMEs: length, columns, and that what they name is there.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tools/check-docs.py [ROOT]

  - README.md has at most 120 lines; lines have at most 100 columns, rows of tables excepted
  - a link to a file or a heading of this tree leads to one
  - a path in backticks that begins with a folder of the tree is there, from the root or from the
    README's own folder; * and ? match

Prints each fault, then "N files, N faults"; exits with 1 if there is a fault or no file at all.
"""

import pathlib
import re
import sys

LINES, COLUMNS = 120, 100
FOLDERS = ("linker", "arch", "loader", "shim", "tools", "boot-tests")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
PATH = re.compile(r"`([\w.*?-]+/[\w./*?-]*)[` ]")


def anchors(text):
    """Of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def link_fault(readme, target, heading):
    path = readme.parent / target if target else readme
    if target and re.match(r"[a-z]+:", target):
        return None
    if not path.exists():
        return f"no file {target}"
    if heading and heading not in anchors(path.read_text(encoding="utf-8")):
        return f"no heading #{heading} in {target or 'this file'}"
    return None


def path_fault(root, readme, named):
    """Folders of the README's own are looked at, too: `unit/` in boot-tests/README.md."""
    first = named.split("/")[0]
    if not any((base / first).is_dir() for base in (root, readme.parent)) or first == "build":
        return None
    pattern = named.rstrip("/")
    found = any(any(base.glob(pattern)) for base in (root, readme.parent))
    return None if found else f"no file {named}"


def faults(root, readme):
    text = readme.read_text(encoding="utf-8")
    lines = text.splitlines()
    if readme == root / "README.md" and len(lines) > LINES:
        yield len(lines), f"more than {LINES} lines"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS and not line.startswith("|"):
            yield number, f"more than {COLUMNS} columns"
        found = [link_fault(readme, *link) for link in LINK.findall(line)]
        found += [path_fault(root, readme, path) for path in PATH.findall(line)]
        for fault in filter(None, found):
            yield number, fault


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root.parent.parent if root.is_file() else root
    readmes = [root / "README.md"]
    readmes += [path for folder in FOLDERS for path in sorted((root / folder).rglob("README.md"))]
    readmes = [path for path in readmes if path.is_file()]
    count = 0
    for readme in readmes:
        for number, what in faults(root, readme):
            count += 1
            print(f"{readme.relative_to(root)}:{number}: {what}")
    print(f"{len(readmes)} files, {count} faults")
    return 1 if count or not readmes else 0


if __name__ == "__main__":
    sys.exit(main())
