#!/usr/bin/python3
# Makes a man page of what a program says of itself: so nothing is written twice.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tools/mkman.py PROGRAM [COMMAND...]

Prints the page of section 1: the text of --help, and that of each command."""

import os
import pathlib
import subprocess
import sys

SUMMARY = {
    "lintel": "make, show and measure firmware images for TDs",
    "tdrun": "run a firmware image as a TD, without TDX hardware",
    "tdtest": "run boot tests of firmware for TDs, without TDX hardware",
}


def roff(text):
    """Text that stands as it is."""
    lines = (line.replace("\\", "\\e").replace("-", "\\-") for line in text.rstrip().split("\n"))
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def help_of(command):
    ended = subprocess.run([*command, "--help"], check=True, stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "COLUMNS": "78"})
    return ended.stdout


def section(title, text):
    return f".SH {title}\n.nf\n{roff(text)}\n.fi\n"


def main(words):
    if not words:
        print(__doc__.partition("\n")[0], file=sys.stderr)
        return 2
    program = pathlib.Path(words[0]).resolve()
    name = program.name
    print(f'.TH {name.upper()} 1 "" "Lintel" "Lintel"')
    print(f".SH NAME\n{name} \\- {SUMMARY[name]}")
    print(section("DESCRIPTION", help_of([program])), end="")
    for command in words[1:]:
        print(section(f"{name.upper()} {command.upper()}", help_of([program, command])), end="")
    others = "".join(f".BR {other} (1),\n" for other in SUMMARY if other != name)
    print(f".SH SEE ALSO\n{others}README.md in /usr/share/doc/lintel or wherever "
          "Lintel was installed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
