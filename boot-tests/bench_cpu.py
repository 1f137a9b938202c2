#!/usr/bin/python3
# Weighs a stock kernel's boot: CPU time and memory as a TD, and as a plain VM of the same QEMU.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: boot-tests/bench_cpu.py BUILD-DIRECTORY

Both boot the same kernel and initramfs to power-off, in turns. CPU time is what QEMU, and tdrun for
a TD, have of user and system time. It depends on what runs beside, which meets both: the figure is
the ratio of each turn, of all turns the median.
"""

import os
import pathlib
import shlex
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNEL = "kernel/vmlinuz-6.12"
MIB = 1 << 20
MEMORY_MIB = 2048
TIMEOUT_SECONDS = 600
# vCPUs, pages of the host, turns: by 4 KiB a boot takes so long that one must do.
BOOTS = ((1, "2M", 5), (4, "2M", 5), (1, "4K", 1))


def has_kernel(build):
    return (pathlib.Path(build) / KERNEL).exists()


def guest(build):
    """What both boot."""
    build = pathlib.Path(build)
    return ["-kernel", str(build / KERNEL), "-initrd", str(build / "initramfs.cpio.gz"),
            "-append", "console=ttyS0 panic=-1 quiet"]


def td_command(build, vcpus, pages):
    build = pathlib.Path(build)
    return [str(ROOT / "tools/tdrun"), "--quiet", "--machine-elf", str(build / "machine.elf"),
            "--firmware", str(build / "lintel.fd"), "--timeout", str(TIMEOUT_SECONDS),
            "--page-size", pages, "--smp", str(vcpus), "--memory", f"{MEMORY_MIB}M",
            *("-" + word if word.startswith("-") else word for word in guest(build))]


def vm_command(build, vcpus):
    return ["timeout", str(TIMEOUT_SECONDS), "qemu-system-x86_64", "-accel", "tcg,thread=single",
            "-machine", "q35", "-cpu", "max,phys-bits=48", "-smp", str(vcpus),
            "-m", f"{MEMORY_MIB}M", "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", "stdio", *guest(build)]


def weigh(command):
    """CPU seconds of the command and its children, and the most memory that one of them had."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or "init: done" not in output:
        sys.stderr.write(output)
        raise subprocess.CalledProcessError(process.returncode, shlex.join(command))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def summary(turns):
    """Of [(TD, VM), ...], each (seconds, bytes): medians, and the most memory."""
    return {"ratio": statistics.median(td[0] / vm[0] for td, vm in turns),
            "td_seconds": statistics.median(td[0] for td, _ in turns),
            "vm_seconds": statistics.median(vm[0] for _, vm in turns),
            "td_mib": max(td[1] for td, _ in turns) // MIB,
            "vm_mib": max(vm[1] for _, vm in turns) // MIB}


def measure(build):
    """A summary for each of BOOTS."""
    return [summary([(weigh(td_command(build, vcpus, pages)), weigh(vm_command(build, vcpus)))
                     for _ in range(turns)])
            for vcpus, pages, turns in BOOTS]


def main(argv):
    if len(argv) != 1:
        print(__doc__.split("\n", maxsplit=1)[0], file=sys.stderr)
        return 2
    for (vcpus, pages, _), found in zip(BOOTS, measure(argv[0])):
        print(vcpus, pages, found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
