#!/usr/bin/python3
# Checks that the debug information of linked programs leads from an address to its source line.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tools/check-debug.py PROGRAM.elf=FUNCTION@SOURCE[,FUNCTION@SOURCE...]...

Asks addr2line (LLVM's, else that of binutils) for the address of each function: its answer must
name a line of the source. Prints what does not, then "N functions, N faults"; exits with 1 if there
is a fault, with 2 for wrong usage or where there is no addr2line.
"""

import re
import shutil
import subprocess
import sys

ANSWER = re.compile(r"^(.*):([1-9][0-9]*)(?: \(discriminator \d+\))?$")


def addresses(elf, tool):
    """Name to address, of what the symbol table of the program holds."""
    table = subprocess.run([tool, elf], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return {row[2]: row[0] for row in rows if len(row) == 3}


def fault(elf, function, source, known, tool):
    """Why the function cannot be found in the source; None if it can."""
    if function not in known:
        return "no such symbol"
    ended = subprocess.run([tool, "-e", elf, "0x" + known[function]], check=True,
                           capture_output=True, text=True)
    answer = ended.stdout.strip()
    found = ANSWER.match(answer)
    if found is None or not found[1].endswith("/" + source):
        return f"addr2line says {answer}, not a line of {source}"
    return None


def main():
    wanted = []
    for word in sys.argv[1:]:
        elf, _, functions = word.partition("=")
        for pair in functions.split(","):
            function, _, source = pair.partition("@")
            wanted.append((elf, function, source))
    if not wanted or not all(all(words) for words in wanted):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    tools = [shutil.which(f"llvm-{name}") or shutil.which(name) for name in ("addr2line", "nm")]
    if None in tools:
        print("check-debug: there is neither llvm-addr2line nor addr2line (nor nm).",
              file=sys.stderr)
        return 2
    known = {elf: addresses(elf, tools[1]) for elf, _, _ in wanted}
    faults = 0
    for elf, function, source in wanted:
        reason = fault(elf, function, source, known[elf], tools[0])
        if reason:
            faults += 1
            print(f"{elf}: {function}: {reason}")
    print(f"{len(wanted)} functions, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
