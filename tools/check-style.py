#!/usr/bin/env python3
# Checks what can be checked of the conventions without reading: columns, blanks, first lines.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Check the form of every source file.

  - at most 100 columns, a tab being 8, but in shell scripts and the Makefile
  - no blanks at the end of a line; one newline at the end
  - the SPDX line among the first five, with nothing else in it
  - C: no comment whose end stands alone below its one line
  - C headers: #pragma once
  - no name of cmocka 1 that cmocka 2 deprecates

Exit status: 0 all is well, 1 not (a line each), 2 no file was found.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("linker", "arch", "loader", "shim", "tools", "boot-tests", ".ci")
COLUMNS = 100
CODE = {".c", ".h", ".S", ".nasm", ".inc", ".def", ".py"}
DEPRECATED = re.compile(r"\b(?:assert|expect)_(?:not_)?in_range\(")
ONE_LINE = re.compile(r"\s*/\*+ ?\S")
SPDX = "SPDX-License-Identifier: BSD-2-Clause-Patent"


def is_code(path, text):
    return path.suffix in CODE or path.name == "Makefile" or text.startswith("#!")


def faults(path, text):
    lines = text.split("\n")
    before = ""
    for number, line in enumerate(lines, 1):
        if path.suffix in CODE and len(line.expandtabs(8)) > COLUMNS:
            yield number, f"more than {COLUMNS} columns"
        if path.suffix == ".c" and DEPRECATED.search(line):
            yield number, "deprecated in cmocka 2: see boot-tests/unit/assert_within.h"
        if line != line.rstrip():
            yield number, "blanks at the end"
        if path.suffix in (".c", ".h") and line.strip() == "*/" and ONE_LINE.match(before):
            yield number, "the comment's end alone: reword it, or wrap it earlier"
        before = line
    if lines[-1] != "" or lines[-2:-1] == [""]:
        yield len(lines), "not one newline at the end"
    if not any(line.strip(" #/;*") == SPDX for line in lines[:5]):
        yield 1, "no SPDX line"
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "no #pragma once"


def main():
    paths = [ROOT / "Makefile"]
    for folder in FOLDERS:
        paths += sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())
    checked = failed = 0
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        if is_code(path, text):
            checked += 1
            for number, what in faults(path, text):
                failed += 1
                print(f"{path.relative_to(ROOT)}:{number}: {what}")
    print(f"{checked} files, {failed} faults of form")
    return 2 if checked == 0 else int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
