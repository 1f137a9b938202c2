#!/usr/bin/python3
# Boots stock firmware and stock kernels as TDs, in many shapes, and writes a table of it.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A case for each firmware, kernel and shape, by tools/tdtest; the table is BUILD/foreign.md, with
what each run wrote in BUILD/foreign/. What Debian's mirror does not give is a row that says so.

Exit status: 0 every case passed, 1 one did not or could not be tried, 2 wrong usage.
"""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(1, str(ROOT / "tools"))
import tdcase  # noqa: E402

# By the name in a case: how the table calls it; what tools/get-debian calls it (None: it is built
# here, or installed by tools/setup); where it is, below BUILD unless that is absolute.
FIRMWARE = {
    "lintel": ("Lintel", None, "lintel.fd"),
    "ovmf": ("OVMF, installed", None, "/usr/share/ovmf/OVMF.fd"),
    "ovmf-13": ("OVMF, Debian 13", "ovmf-13", "firmware/ovmf-13.fd"),
}
KERNELS = {
    "6.12": ("6.12 cloud", "6.12", "kernel/vmlinuz-6.12"),
    "7.2": ("7.2 cloud", "7.2", "kernel/vmlinuz-7.2"),
}
# vCPUs and memory.
SHAPES = ((1, "512M"), (2, "2G"), (4, "3G"), (16, "4G"))
# Of Lintel alone: OVMF needs more memory than the first, and takes no AP back.
EXTREMES = ((1, "256M"), (2, "64G"))
SECONDS = 1200


@dataclasses.dataclass
class Row:
    firmware: str
    kernel: str
    vcpus: int
    memory: str
    script: str = None

    def name(self):
        return "-".join(filter(None, (self.firmware, self.kernel, str(self.vcpus), self.memory,
                                      self.script)))

    def needs(self):
        """What tools/get-debian is asked for."""
        return {table[name][1] for table, name in ((FIRMWARE, self.firmware),
                                                   (KERNELS, self.kernel))} - {None}

    def case(self, build):
        """As a table of tdtest."""
        def place(entry):
            return str(build / entry[2])

        append = "console=ttyS0 panic=-1 quiet"
        expect = ["tdx: Guest detected", f"^init: processors {self.vcpus}$", "^init: done$"]
        if self.script is not None:
            append += f" lintel.script={self.script}"
            expect.append(f"^init: {self.script} \\d+ rounds, {self.vcpus} processors$")
        return {"firmware": place(FIRMWARE[self.firmware]), "kernel": place(KERNELS[self.kernel]),
                "initrd": str(build / "initramfs.cpio.gz"), "append": append, "smp": self.vcpus,
                "memory": self.memory, "page_size": "2M", "timeout": SECONDS, "expect": expect,
                # The APs of OVMF in the releases after Debian 13 do not survive power-off here.
                "until": "^init: done", "alone": self.vcpus > 4}


def rows():
    found = [Row(firmware, kernel, *shape) for firmware in FIRMWARE for kernel in KERNELS
             for shape in SHAPES]
    found += [Row("lintel", kernel, *shape) for kernel in KERNELS for shape in EXTREMES]
    return found + [Row("lintel", kernel, 4, "2G", "hotplug") for kernel in KERNELS]


def get(rows_, build):
    """What cannot be had of what the rows need."""
    folders = {entry[1]: (build / entry[2]).parent
               for table in (FIRMWARE, KERNELS) for entry in table.values()}
    return {what for what in sorted(set().union(*(row.needs() for row in rows_)))
            if subprocess.run([ROOT / "tools/get-debian", what, folders[what]],
                              check=False).returncode != 0}


def as_toml(cases):
    """The values are strings, numbers, booleans and lists of strings, which TOML has as JSON."""
    return "".join(f"[\"{name}\"]\n" + "".join(f"{key} = {json.dumps(value)}\n"
                                              for key, value in case.items()) + "\n"
                   for name, case in cases.items())


def verdicts(path):
    """By case: how it ended, and its seconds."""
    found = {}
    for test in xml.parse(path).iter("testcase"):
        failure = test.find("failure")
        how = "passed" if failure is None else f"{failure.get('type')}: {failure.get('message')}"
        found[test.get("name")] = (how, float(test.get("time")))
    return found


def table(rows_, found, missing):
    lines = ["| firmware | kernel | vCPUs | memory | script | ended | seconds |", "|---" * 7 + "|"]
    for row in rows_:
        lacking = ", ".join(sorted(row.needs() & missing))
        how, seconds = found.get(row.name(), (f"not tried: no {lacking}", None))
        cells = (FIRMWARE[row.firmware][0], KERNELS[row.kernel][0], row.vcpus, row.memory,
                 row.script or "", how.replace("|", "/"),
                 "" if seconds is None else f"{seconds:.0f}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="boot-tests/foreign.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--only", metavar="REGEX", type=tdcase.pattern, default="",
                        help="only the rows whose name matches: FIRMWARE-KERNEL-VCPUS-MEMORY")
    arguments = parser.parse_args()
    build = pathlib.Path(arguments.build).resolve()
    wanted = [row for row in rows() if arguments.only.search(row.name())]
    if not wanted:
        parser.error("argument --only: no row has such a name")
    missing = get(wanted, build)
    cases = {row.name(): row.case(build) for row in wanted if not row.needs() & missing}
    folder = build / "foreign"
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    if cases:
        (folder / "foreign.toml").write_text(as_toml(cases), encoding="utf-8")
        junit = folder / "junit.xml"
        status = subprocess.run([ROOT / "tools/tdtest", folder / "foreign.toml", "--junit", junit,
                                 "--output", folder], check=False).returncode
        if status not in (0, 1):
            return status
        found = verdicts(junit)
    text = table(wanted, found, missing)
    (build / "foreign.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0 if len(found) == len(wanted) and all(how == "passed"
                                                 for how, _ in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
