#!/usr/bin/python3
# Boots stock firmware and stock kernels as TDs, in many shapes, and writes a table of it.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A case for each row, by tools/tdtest; the table is BUILD/foreign.md, with what each run wrote in
BUILD/foreign/. A row that --only leaves out is as it was at the last run of it. What Debian's
mirror does not give is a row that says so, and so is firmware that is not for TDs.

Exit status: 0 every case ended as it should, 1 one did not or could not be tried, 2 wrong usage.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(1, str(ROOT / "tools"))
import tdcase  # noqa: E402

SECONDS = 1200
APPEND = "console=ttyS0 panic=-1 quiet"
OURS = "lintel"


@dataclasses.dataclass
class Row:
    """Firmware and kernel are called as tools/get-debian calls them, or OURS."""
    firmware: str
    kernel: str = None
    vcpus: int = 1
    memory: str = "512M"
    script: str = None
    ends: dict = dataclasses.field(default_factory=dict)  # keys of tdtest: how, if not by power-off
    why: str = None       # it ends so

    def name(self):
        return "-".join(map(str, filter(None, (self.firmware, self.kernel, self.vcpus, self.memory,
                                               self.script))))

    def needs(self):
        """What tools/get-debian is asked for."""
        return {self.firmware, self.kernel} - {OURS, None}

    def case(self, build):
        """As a table of tdtest."""
        case = {"firmware": str(place(self.firmware, build)), "smp": self.vcpus,
                "memory": self.memory, "page_size": "2M", "timeout": SECONDS}
        if self.kernel is not None:
            script = SCRIPTS[self.script]
            case |= {"kernel": str(place(self.kernel, build)), "append": APPEND + script.append,
                     "initrd": str(initrd(self.kernel if script.again else None, build)),
                     "expect": ["tdx: Guest detected", f"^init: processors {self.vcpus}$",
                                *(text.format(self.vcpus) for text in script.expect)],
                     **script.ends}
        return case | self.ends


@dataclasses.dataclass
class Script:
    """What tools/initramfs-init is to do, and what shows that it did."""
    append: str
    expect: list
    again: bool = False   # it starts the kernel once more
    ends: dict = dataclasses.field(default_factory=dict)


DONE = "^init: done$"
AGAIN = "^init: report {0} processors after kexec, online 0"
SCRIPTS = {
    None: Script("", [DONE]),
    "hotplug": Script(" lintel.script=hotplug", ["^init: hotplug 3 rounds, {0} processors$", DONE]),
    # 6.12 does not accept what kexec copies to: it accepts all that is left to it at its start.
    "kexec": Script(" lintel.script=kexec,report swiotlb=512 accept_memory=eager", [AGAIN, DONE],
                    again=True),
    "kdump": Script(" lintel.script=crash,report swiotlb=512 crashkernel=256M",
                    ["Kernel panic - not syncing: sysrq", AGAIN, DONE], again=True,
                    ends={"allow": ["Kernel panic", "Call Trace"]}),
    "reboot": Script(" lintel.script=reboot", ["^init: reboot$"], ends={"status": 14}),
}

# Firmware of Debian that is not for TDs: how it ends, and why.
SMM = ("built for SMM, which a TD has not: drivers do not ask whether this is one, and take the "
       "PCIe window for private memory")
UNFIT = [
    Row("ovmf-12-4m", ends={"status": 2, "expect": ["has no entry for TDX metadata"]},
        why="has no TDX metadata"),
    Row("ovmf-12-secboot", ends={"status": 124, "timeout": 120},
        why="built for SMM, which a TD has not: stops in a dead loop before DXE"),
    *(Row(firmware, ends={"status": 12, "expect": ["private access to GPA 0xe00f8000 outside of"]},
          why=SMM) for firmware in ("ovmf-13-secboot", "ovmf-13-strictnx", "ovmf-sid-secboot",
                                    "ovmf-sid-strictnx")),
    Row("ovmf-sid-amdsev", ends={"status": 12,
                                 "expect": ["access to unaccepted page at GPA 0x807000 by"]},
        why="built for SEV-SNP, without TDX: accepts no memory"),
]
# The way back of an AP in OVMF of sid toggles CR4.PCIDE where it means to clear it, and TCG has no
# PCID (boot-tests/README.md): such a row is over before its APs are given back, or ends by that.
SID = {"until": DONE}
TOGGLED = {"why": "an AP's way back toggles CR4.PCIDE, and TCG has no PCID",
           "ends": {"status": 11, "expect": ["vCPU 1 died: triple fault"]}}
OLD_MAILBOX = "its mailbox, version 0, takes no AP back"

ROWS = [
    Row("lintel", "linux-12-backports-cloud", 1, "256M"),
    Row("lintel", "linux-12-backports", 2, "2G"),
    Row("lintel", "linux-13-cloud", 16, "4G"),
    Row("lintel", "linux-13", 8, "8G"),
    Row("lintel", "linux-13-backports-cloud", 4, "3G"),
    Row("lintel", "linux-sid-cloud", 2, "64G"),
    Row("lintel", "linux-sid", 1, "512M"),
    Row("lintel", "linux-12-backports", 4, "2G", "hotplug"),
    Row("lintel", "linux-sid-cloud", 2, "1G", "hotplug"),
    Row("lintel", "linux-12-backports-cloud", 2, "3G", "kexec"),
    Row("lintel", "linux-13", 4, "2G", "kexec"),
    Row("lintel", "linux-sid", 4, "3G", "kexec"),
    Row("lintel", "linux-13-cloud", 2, "2G", "kdump"),
    Row("lintel", "linux-sid-cloud", 2, "2G", "kdump"),
    Row("lintel", "linux-13", 2, "1G", "reboot"),
    Row("lintel", "linux-13-backports-cloud", 4, "2G", "reboot"),
    Row("ovmf-12", "linux-12-backports-cloud", 1, "512M"),
    Row("ovmf-12", "linux-12-backports", 4, "3G"),
    Row("ovmf-12", "linux-13-cloud", 2, "4G"),
    Row("ovmf-12", "linux-13", 2, "2G", "reboot"),
    Row("ovmf-12", "linux-13-backports-cloud", 8, "1G"),
    Row("ovmf-12", "linux-sid-cloud", 2, "2G"),
    Row("ovmf-12", "linux-sid", 1, "64G"),
    Row("ovmf-12", "linux-13-cloud", 1, "2G", "kexec"),
    Row("ovmf-13", "linux-12-backports", 1, "512M"),
    Row("ovmf-13", "linux-13-cloud", 2, "2G"),
    Row("ovmf-13", "linux-13", 16, "4G"),
    Row("ovmf-13", "linux-sid-cloud", 4, "3G"),
    Row("ovmf-13", "linux-sid", 2, "64G"),
    Row("ovmf-13", "linux-13-cloud", 2, "2G", "hotplug", why=OLD_MAILBOX,
        ends={"expect": ["^init: FAIL cpu1: cannot write 0 to online$"]}),
    Row("ovmf-13", "linux-13-cloud", 1, "3G", "kexec"),
    Row("ovmf-13", "linux-13-backports-cloud", 1, "2G", "kdump"),
    Row("ovmf-13", "linux-sid-cloud", 2, "2G", "reboot"),
    Row("ovmf-sid", "linux-12-backports-cloud", 1, "512M"),
    Row("ovmf-sid", "linux-13", 4, "3G", ends=SID),
    Row("ovmf-sid", "linux-sid-cloud", 2, "4G", ends=SID),
    Row("ovmf-sid", "linux-sid-cloud", 4, "2G", "hotplug", **TOGGLED),
    Row("ovmf-sid", "linux-13-cloud", 2, "3G", "kexec", **TOGGLED),
    Row("ovmf-sid", "linux-sid", 1, "2G", "kexec"),
    Row("ovmf-sid", "linux-sid", 1, "2G", "reboot"),
    Row("ovmf-sid-legacy", "linux-13-cloud", 2, "2G", ends=SID),
    Row("ovmf-sid-inteltdx", "linux-13-cloud", 2, "1G",
        ends={"until": "^BdsDxe: ", "expect": ["OVMF: Secure boot image verification failed"]},
        why="has Microsoft's keys and Secure Boot on: a kernel without a shim is not started"),
    *UNFIT,
]


def place(what, build):
    """Where a firmware or kernel is."""
    if what == OURS:
        return build / "lintel.fd"
    if what.startswith("linux-"):
        return build / "kernel" / what.replace("linux", "vmlinuz", 1)
    return build / "firmware" / f"{what}.fd"


def initrd(kernel, build):
    """The test initramfs, or that with this kernel in it."""
    return build / "initramfs.cpio.gz" if kernel is None else build / "foreign" / f"{kernel}.cpio"


def make_initrds(rows, build):
    for kernel in {row.kernel for row in rows if SCRIPTS[row.script].again}:
        subprocess.run([ROOT / "tools/mkinitramfs", initrd(kernel, build), "--kexec",
                        place(kernel, build), initrd(None, build)], check=True)


def get(rows, build):
    """What cannot be had of what the rows need."""
    return {what for what in sorted(set().union(*(row.needs() for row in rows)))
            if subprocess.run([ROOT / "tools/get-debian", what, place(what, build).parent],
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


def run(row, cases, folder):
    """Of one row, so that a long run can be ended at any time: its verdict."""
    junit = folder / "junit.xml"
    status = subprocess.run([ROOT / "tools/tdtest", cases, "--only", f"/{re.escape(row.name())}$",
                             "--junit", junit, "--output", folder], check=False).returncode
    if status not in (0, 1):
        sys.exit(status)
    return verdicts(junit)


def called(what, build):
    """What it is, and its version."""
    if what is None or what == OURS:
        return what or ""
    package = pathlib.Path(f"{place(what, build)}.package")
    return f"{what} {package.read_text().split()[1]}" if package.exists() else what


def table(rows, found, build):
    lines = ["| firmware | kernel | vCPUs | memory | script | ended | seconds |", "|---" * 7 + "|"]
    for row in rows:
        how, seconds = found.get(row.name(), ("not run", None))
        if how == "passed" and row.why:
            how = f"as known: {row.why}"
        cells = (called(row.firmware, build), called(row.kernel, build), row.vcpus, row.memory,
                 row.script or "", how.replace("|", "/"),
                 "" if seconds is None else f"{seconds:.0f}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="boot-tests/foreign.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--only", metavar="REGEX", type=tdcase.pattern, default="",
                        help="only rows whose name matches: FIRMWARE-KERNEL-VCPUS-MEMORY-SCRIPT")
    arguments = parser.parse_args()
    build = pathlib.Path(arguments.build).resolve()
    wanted = [row for row in ROWS if arguments.only.search(row.name())]
    if not wanted:
        parser.error("argument --only: no row has such a name")
    folder = build / "foreign"
    folder.mkdir(parents=True, exist_ok=True)
    missing = get(wanted, build)
    there = [row for row in wanted if not row.needs() & missing]
    cases = folder / "foreign.toml"
    cases.write_text(as_toml({row.name(): row.case(build) for row in there}), encoding="utf-8")
    make_initrds(there, build)
    kept = folder / "found.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}
    for row in wanted:
        if row in there:
            found |= run(row, cases, folder)
        else:
            lacking = ", ".join(sorted(row.needs() & missing))
            found[row.name()] = (f"not tried: no {lacking}", None)
        kept.write_text(json.dumps(found))
        text = table(ROWS, found, build)
        (build / "foreign.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0 if all(found[row.name()][0] == "passed" for row in wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
