#!/usr/bin/python3
# Counts the instructions that an AP executes on its way: reset, wake-up, way back.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: boot-tests/bench_ap.py BUILD-DIRECTORY

QEMU writes down each instruction of the reset page that it executes, one by one, while the test
payload wakes every AP and gives it back. The polling itself is left out: it takes as long as the OS
does. Exit status 0: the figures of all APs are the same.
"""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VCPUS = 4
SHT_SYMTAB = 2
TRACE = re.compile(r"Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")
# The poll that sees the command: load, compare, jump.
SEEN = 3


def symbols(path):
    """Name -> address, of a 64-bit ELF file."""
    elf = pathlib.Path(path).read_bytes()
    offset, = struct.unpack_from("<Q", elf, 0x28)
    size, count = struct.unpack_from("<HH", elf, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", elf, offset + i * size) for i in range(count)]
    found = {}
    for _, kind, _, _, begin, length, link, _ in sections:
        if kind == SHT_SYMTAB:
            names = sections[link][4]
            for at in range(begin, begin + length, 24):
                name, _, _, value = struct.unpack_from("<IBxHQ", elf, at)
                found[elf[names + name:elf.index(b"\0", names + name)].decode()] = value
    return found


# One instruction a block: from QEMU 8.1 on a property of the accelerator, before an option.
WRAPPER = """#!/bin/sh
if qemu-system-x86_64 -help | grep -q one-insn-per-tb; then
	for word; do
		shift
		case $word in
		tcg | tcg,*) word=$word,one-insn-per-tb=on ;;
		esac
		set -- "$@" "$word"
	done
else
	set -- "$@" -singlestep
fi
exec qemu-system-x86_64 "$@" -d nochain,exec -D {log} -dfilter {ranges}
"""


def trace(build, where, work, vcpus):
    """vCPU -> addresses executed, in order; the reset page without the poll loop."""
    log = work / "log"
    ranges = f"{where['ap_flags'] & ~0xFFF:#x}..{where['ap_park.poll'] - 1:#x}," \
             f"{where['ap_park.match']:#x}..0xffffffff"
    qemu = work / "qemu"
    qemu.write_text(WRAPPER.format(log=log, ranges=ranges), encoding="ascii")
    qemu.chmod(0o755)
    subprocess.run([ROOT / "tools/tdrun", "--qemu", qemu, "--machine-elf", f"{build}/machine.elf",
                    "--firmware", f"{build}/lintel.fd", "--kernel", f"{build}/payload.bin",
                    "--append", "case=aps rounds=1", "--smp", str(vcpus), "--memory", "64M",
                    "--timeout", str(60 + 15 * vcpus), "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    executed = {vcpu: [] for vcpu in range(vcpus)}
    with open(log, encoding="ascii") as lines:
        for line in lines:
            match = TRACE.match(line)
            if match:
                path, address = executed[int(match[1])], int(match[2], 16)
                # None follows itself: QEMU began it again, after an interruption of its own.
                if path[-1:] != [address]:
                    path.append(address)
    return executed


def figures(path, where):
    """Of one AP: reset to parked, command to vector, ResetVector to parked."""
    match, back = where["ap_park.match"], path.index(where["ap_reset_vector"])
    start = path.index(where["reset_vector"])
    leave = max(i for i in range(back) if path[i] >= where["ap_park.wake"])
    seen = max(i for i in range(leave) if path[i] == match)
    return (path.index(match) - start, leave + 1 - seen + SEEN, path.index(match, back) - back)


def measure(build, vcpus):
    """The figures of all APs: one, if they are the same."""
    where = symbols(f"{build}/shim.elf")
    with tempfile.TemporaryDirectory(prefix="bench-ap-") as work:
        executed = trace(build, where, pathlib.Path(work), vcpus)
    return {figures(executed[vcpu], where) for vcpu in range(1, vcpus)}


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    found = measure(sys.argv[1], VCPUS)
    for parked, woken, back in sorted(found):
        print(f"instructions of an AP: reset to parked {parked}, "
              f"wake-up command to vector {woken}, ResetVector to parked {back}")
    return 0 if len(found) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
