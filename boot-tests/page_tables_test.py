#!/usr/bin/python3
# What the page tables of our firmware map, as the machine sees them in a running TD.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boots the test payload with a trace and compares each page table in it, run by run, with what
linker/regions.def wants. usage: boot-tests/page_tables_test.py [--build BUILD]"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build")
PAGE = 0x1000
MIB2 = 0x200000
CR0_WP = 1 << 16
VCPUS = 3
# Linux has the trampoline to 5-level paging below.
TRAMPOLINE_END = 0xA0000
SHARED = {48: 1 << 47, 52: 1 << 51}


def numbers_of(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    return {name: int(value, 0)
            for name, value in re.findall(r"^#define (\w+)\s+(0x[0-9A-Fa-f]+|\d+)$", text, re.M)}


def regions(at, image):
    """Of linker/regions.def, ascending: base, end, access, share. image: base and end, by tag, of
    what is not at the same place in each image."""
    text = (ROOT / "linker/regions.def").read_text(encoding="utf-8")
    lines = re.findall(r'^(?:IMAGE_)?REGION\( *(\w+), *"[^"]*", *\w+, *(\w+), *(\w+),', text, re.M)
    return [(*(image.get(tag) or (at[tag], at[tag] + at[tag + "_SIZE"])), access, share)
            for tag, access, share in lines]


def boot_runs(lines, shared):
    """What the boot table maps: runs of one permission that follow each other."""
    runs = []
    free = 0
    for base, end, access, share in lines:
        shift = shared if share == "SHARED" else 0
        for run in (free, base, "RW", 0), (base, end, access, shift):
            if run[0] == run[1] or run[2] == "ABSENT":
                continue
            if run[2] == "STACKS":
                runs += [(stack, stack + PAGE, "RW", 0)
                         for stack in range(base + PAGE, end, 2 * PAGE)]
                continue
            if runs and runs[-1][1:] == (run[0], *run[2:]):
                run = (runs.pop()[0], *run[1:])
            runs.append(run)
        free = end
    words = {"R": "r---", "RX": "r-x-", "RW": "rw--"}
    return [(base, end, words[access], base | shift) for base, end, access, shift in runs]


def symbols():
    """Of the shim, by name."""
    listed = subprocess.run(["llvm-nm", ROOT / BUILD / "shim.elf"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return {words[2]: int(words[0], 16) for words in map(str.split, listed.splitlines())
            if len(words) == 3}


class PageTable:
    def __init__(self, vcpu, registers):
        self.vcpu = vcpu
        self.cr0 = registers["cr0"]
        self.cr3 = registers["cr3"]
        self.idt = registers["idt"]
        self.runs = []


def traced(options):
    """All page tables of a run, in the order in which they were seen."""
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(
            [ROOT / "tools/tdrun", "--machine-elf", ROOT / BUILD / "machine.elf", "--firmware",
             ROOT / BUILD / "lintel.fd", "--memory", "64M", "--page-size", "2M",
             "--timeout", "180", "--quiet",
             "--smp", str(VCPUS), "--kernel", ROOT / BUILD / "payload.bin", "--append",
             "case=hello", "--trace", trace.name, "--trace-only", "page_table", *options],
            check=True, stdin=subprocess.DEVNULL)
        found = []
        last = {}
        for line in trace:
            _, vcpu, event, *words = line.split()
            if not event.startswith("page_table"):
                continue
            values = {name: int(value, 16) for name, value in
                      (word.split("=") for word in words)}
            if event == "page_table":
                last[vcpu] = PageTable(int(vcpu), values)
                found.append(last[vcpu])
            else:
                permissions = "".join(letter if values[name] else "-" for letter, name in
                                      zip("wxu", ("write", "execute", "user")))
                last[vcpu].runs.append((values["linear"], values["last"] + 1, "r" + permissions,
                                        values["gpa"]))
        return found


class Firmware(unittest.TestCase):
    """The same boot in a TD of either GPA width."""

    @classmethod
    def setUpClass(cls):
        cls.at = numbers_of("linker/memmap.h")
        cls.of = symbols()
        cls.tables = {48: traced([]), 52: traced(["--gpaw", "52"])}

    def boot(self, gpaw, number):
        """The boot processor's table with this number."""
        return [table for table in self.tables[gpaw] if table.vcpu == 0][number]

    def check(self, table, wanted):
        """wanted: first address, end, permissions of each run, and its GPA if it is another."""
        self.assertEqual([tuple(map(str, run)) for run in table.runs],
                         [tuple(map(str, run if len(run) == 4 else (*run, run[0])))
                          for run in wanted])

    def test_boot_table(self):
        at = self.at
        text, constants = self.of["shim_base"], self.of["shim_rodata"]
        self.assertTrue(at["SHIM_BASE_MIN"] <= text < constants < at["AP_TABLE"])
        lines = regions(at, {"PAYLOAD": (text, text), "SHIM_TEXT": (text, constants),
                             "SHIM_CONSTANTS": (constants, at["AP_TABLE"])})
        for gpaw, shared in SHARED.items():
            table = self.boot(gpaw, 0)
            self.assertEqual(table.cr3, at["BOOT_TABLES"])
            self.assertTrue(table.cr0 & CR0_WP)
            self.assertTrue(at["SHIM_DATA"] <= table.idt < at["SHIM_DATA"] + at["SHIM_DATA_SIZE"])
            self.check(table, boot_runs(lines, shared))

    def test_ap_table(self):
        for gpaw in SHARED:
            for vcpu in range(1, VCPUS):
                table = [table for table in self.tables[gpaw] if table.vcpu == vcpu][0]
                self.assertEqual(table.cr3, self.at["AP_TABLE"])
                self.check(table, [(0, self.at["FOUR_GIB"], "r-x-")])

    def test_handover_table(self):
        at = self.at
        window = at["KERNEL_BASE"] + at["PAYLOAD_WINDOW"]
        last = at["FOUR_GIB"] - MIB2
        for gpaw in SHARED:
            table = self.boot(gpaw, 1)
            self.assertEqual(table.cr3, at["HANDOVER_TABLES"])
            self.assertTrue(table.cr0 & CR0_WP)
            self.check(table, [
                (0, PAGE, "rw--"),
                (PAGE, TRAMPOLINE_END, "rwx-"),
                (TRAMPOLINE_END, at["KERNEL_BASE"], "rw--"),
                (at["KERNEL_BASE"], window, "rwx-"),
                (window, last, "rw--"),
                (last, at["MAILBOX"], "r-x-"),
                (at["MAILBOX"], at["MAILBOX"] + PAGE, "rw--"),
                (at["MAILBOX"] + PAGE, at["FOUR_GIB"], "r-x-"),
            ])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    BUILD = parser.parse_args().build
    unittest.main(argv=sys.argv[:1])
