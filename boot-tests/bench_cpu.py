#!/usr/bin/python3
# Weighs a stock kernel's boot: CPU time and memory as TDs, and as a plain VM of the same QEMU.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: boot-tests/bench_cpu.py BUILD-DIRECTORY OVMF

All boot the same kernel and initramfs to user space, in turns. CPU time is what QEMU, and tdrun for
a TD, have of user and system time. It depends on what runs beside, which meets all: the figure is
the ratio of each turn, of all turns the median.
"""

import collections
import os
import pathlib
import re
import shlex
import signal
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNEL = "kernel/vmlinuz-6.12"
MIB = 1 << 20
MEMORY_MIB = 2048
TIMEOUT_SECONDS = 600
# vCPUs, pages of the host, turns that a firmware has part in: some boots take so long that few must
# do.
BOOTS = ((1, "2M", {"lintel": 5, "ovmf": 3}), (4, "2M", {"lintel": 5, "ovmf": 3}),
         (1, "4K", {"lintel": 1}))
# CPU time, the most memory that one process had, and the memory that the kernel found, in KiB.
Weight = collections.namedtuple("Weight", "seconds bytes mem_total")


def has_kernel(build):
    return (pathlib.Path(build) / KERNEL).exists()


def guest(build):
    """What both boot."""
    build = pathlib.Path(build)
    return ["-kernel", str(build / KERNEL), "-initrd", str(build / "initramfs.cpio.gz"),
            "-append", "console=ttyS0 panic=-1 quiet"]


def td_command(build, firmware, vcpus, pages):
    build = pathlib.Path(build)
    return [str(ROOT / "tools/tdrun"), "--quiet", "--machine-elf", str(build / "machine.elf"),
            "--firmware", firmware, "--timeout", str(TIMEOUT_SECONDS),
            "--page-size", pages, "--smp", str(vcpus), "--memory", f"{MEMORY_MIB}M",
            *("-" + word if word.startswith("-") else word for word in guest(build))]


def vm_command(build, vcpus):
    return ["timeout", str(TIMEOUT_SECONDS), "qemu-system-x86_64", "-accel", "tcg,thread=single",
            "-machine", "q35", "-cpu", "max,phys-bits=48", "-smp", str(vcpus),
            "-m", f"{MEMORY_MIB}M", "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", "stdio", *guest(build)]


def weigh(command):
    """Of the command and its children, which are ended when user space says that it is done."""
    output, done = "", False
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            output += line.decode(errors="replace")
            done = line.startswith(b"init: done")
            if done:
                os.kill(process.pid, signal.SIGTERM)
                break
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    mem_total = re.search(r"^init: MemTotal (\d+) kB", output, re.MULTILINE)
    if not done or mem_total is None:
        sys.stderr.write(output)
        raise subprocess.CalledProcessError(process.returncode, shlex.join(command))
    return Weight(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, int(mem_total[1]))


def ratios(turns):
    return [td.seconds / vm.seconds for td, vm in turns]


def summary(turns):
    """Of [(TD, VM), ...]: medians, and the most memory."""
    return {"ratio": statistics.median(ratios(turns)),
            "td_seconds": statistics.median(td.seconds for td, _ in turns),
            "vm_seconds": statistics.median(vm.seconds for _, vm in turns),
            "td_mib": max(td.bytes for td, _ in turns) // MIB,
            "vm_mib": max(vm.bytes for _, vm in turns) // MIB}


def measure(build, ovmf):
    """{(vCPUs, pages, firmware): [(TD, VM), ...]}; the TDs of a turn have one VM."""
    images = {"lintel": str(pathlib.Path(build) / "lintel.fd"), "ovmf": ovmf}
    found = collections.defaultdict(list)
    for vcpus, pages, counts in BOOTS:
        for turn in range(max(counts.values())):
            vm = weigh(vm_command(build, vcpus))
            for firmware, count in counts.items():
                if turn < count:
                    td = weigh(td_command(build, images[firmware], vcpus, pages))
                    found[vcpus, pages, firmware].append((td, vm))
    return found


def main(argv):
    if len(argv) != 2:
        print(__doc__.split("\n", maxsplit=1)[0], file=sys.stderr)
        return 2
    for boot, turns in measure(*argv).items():
        print(*boot, summary(turns))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
