#!/usr/bin/python3
# Which memory kernels accept that was left to them: kernel, bitmap and machine say the same.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boots stock kernels as TDs with memory above 4 GiB, which is left to them, and little below.
usage: boot-tests/accepted_test.py [--build BUILD] [Accepted | Rounds]
Rounds, which takes a quarter of an hour, starts a kernel anew twenty times. Without a name it is
not run."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build")
MIB = 1 << 20
GIB = 1 << 30
TIMEOUT = 600
ROUNDS = 20
# Of 2 GiB below 4 GiB the kernel may have 95 MiB: too little for itself, which it puts above
# therefore, and soon for everything else. A bounce buffer of 1 MiB is enough without devices.
APPEND = "console=ttyS0 panic=-1 quiet iomem=relaxed swiotlb=512 memmap=1952M$96M"
HIGH = 4 * GIB
UNIT = 2 * MIB


def unit(address):
    return (address - HIGH) // UNIT


def blocks(units):
    """Of 4 MiB, in which Linux accepts."""
    return {number // 2 for number in units}


class Boot:
    """A TD with so many GiB above 4 GiB: what its kernels said, and what the machine saw."""

    def __init__(self, kernel, scripts, high, *options, kexec=False, append="",
                 timeout=TIMEOUT):
        kernel = ROOT / BUILD / "kernel" / kernel
        initrd = ROOT / BUILD / "initramfs.cpio.gz"
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            if kexec:
                base, initrd = initrd, folder / "initrd"
                subprocess.run([ROOT / "tools/mkinitramfs", initrd, "--kexec", kernel, base],
                               check=True)
            ended = subprocess.run(
                [ROOT / "tools/tdrun", "--machine-elf", ROOT / BUILD / "machine.elf", "--firmware",
                 ROOT / BUILD / "lintel.fd", "--kernel", kernel, "--initrd", initrd, "--append",
                 f"{APPEND} {append} lintel.script={','.join(scripts)}", "--memory",
                 f"{2 + high}G", "--page-size", "2M", "--timeout", str(timeout), "--stats",
                 folder / "stats", "--trace", folder / "trace", "--trace-only", "accept", *options],
                check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True)
            print(ended.stdout)
            assert ended.returncode == 0, f"tdrun: exit status {ended.returncode}"
            self.output = ended.stdout
            self.counts = json.loads((folder / "stats").read_text())
            trace = (folder / "trace").read_text()
        self.units = set(range(high * GIB // UNIT))
        large = [int(gpa, 16) for gpa in
                 re.findall(r" accept level=2M gpa=(0x[0-9a-f]+)$", trace, re.MULTILINE)]
        assert len(large) == self.counts["accept"]["2M"]
        # Those that were accepted, in this order.
        self.accepted = [unit(gpa) for gpa in large if gpa >= HIGH]
        self.kernels = self.numbers(r"^init: kernel code at (0x[0-9a-f]+)")
        self.segments = self.numbers(r"^init: segment at (\d+)")
        # (the kernel's KiB, the units whose bits are set) at each moment.
        self.moments = []
        for kib, base, bits in re.findall(
                r"^init: unaccepted: kernel (\d+) kB, bitmap from (\w+): ([0-9a-f]+)",
                self.output, re.MULTILINE):
            assert int(base, 16) == HIGH
            value = int.from_bytes(bytes.fromhex(bits), "little")
            self.moments.append((int(kib), {bit for bit in self.units if value >> bit & 1}))

    def numbers(self, pattern):
        return [int(number, 0) for number in re.findall(pattern, self.output, re.MULTILINE)]


class Agreement(unittest.TestCase):
    def agree(self, boot):
        """Bitmap and machine, at each moment: what is accepted by the bitmap is what the machine
        saw accepted until then, and no more at the last."""
        self.assertEqual(boot.counts["accept_already"], 0, "a page is accepted twice")
        self.assertEqual(len(set(boot.accepted)), len(boot.accepted))
        for _, pending in boot.moments:
            accepted = boot.units - pending
            self.assertEqual(set(boot.accepted[:len(accepted)]), accepted)
        self.assertEqual(len(boot.accepted), len(boot.units - boot.moments[-1][1]))


class Accepted(Agreement):
    def figures(self, moments, spared=0):
        """The kernel's figure counts whole blocks of 4 MiB, and falls. It accepts a unit more than
        it is asked for, so that blocks are half accepted. One of which the other half was accepted
        before may be counted still, and so may spared ones."""
        for kib, pending in moments:
            self.assertEqual(kib * 1024 % (2 * UNIT), 0)
            self.assertLessEqual(len(pending) * UNIT, kib * 1024)
            self.assertLessEqual(kib * 1024, (len(blocks(pending)) + 1 + spared) * 2 * UNIT)
        found = [kib for kib, _ in moments]
        self.assertEqual(found, sorted(set(found), reverse=True))

    def above_4_gib(self, boot):
        """The decompressor accepts where it puts the kernel, before anything else is accepted."""
        self.assertGreaterEqual(boot.kernels[0], HIGH)
        first = unit(boot.kernels[0])
        self.assertEqual(boot.accepted[:8], list(range(first, first + 8)))

    def test_stock(self):
        boot = Boot("vmlinuz-6.12", ["unaccepted", "memory", "unaccepted", "memory", "unaccepted"],
                    1, append="lintel.share=2")
        self.agree(boot)
        self.assertEqual(len(boot.moments), 3)
        self.figures(boot.moments)
        self.above_4_gib(boot)

    def test_backports(self):
        """Three kernels, of which the third is started by a panic."""
        boot = Boot("vmlinuz-7.2", ["segments", "memory", "unaccepted", "kexec", "report", "crash",
                                    "report", "unaccepted"], 2, "--smp", "2", kexec=True,
                    append="lintel.share=2 crashkernel=192M,high crashkernel=16M,low")
        self.agree(boot)
        self.above_4_gib(boot)
        self.assertEqual(len(boot.kernels), 3)
        self.assertEqual(boot.output.count("init: report 2 processors after kexec, online 0-1"), 2)
        self.assertEqual(boot.output.count("Kernel panic"), 1)
        before, in_use, never, border, later, second, third = boot.moments
        self.figures([before, later], spared=2)
        # A segment in memory that is in use, in a unit that was never accepted, and from a unit
        # that is in use into one that was never accepted.
        self.assertEqual(in_use, before)
        self.assertEqual(in_use[1] - never[1], {unit(boot.segments[1])})
        self.assertEqual(never[1] - border[1], {unit(boot.segments[2]) + 1})
        self.assertNotIn(unit(boot.segments[2]), before[1])
        # Of a block that is half accepted, as that of the second one is now, the other half is
        # accepted when memory is short. Which block comes first is the kernel's choice.
        halves = {number for number in border[1] if number ^ 1 not in border[1]}
        self.assertIn(unit(boot.segments[1]) ^ 1, halves)
        self.assertLess(halves & third[1], halves)
        # Each kernel goes on where the one before ended. That of the panic has what was set aside
        # for it, which the kernel before it accepted then, and accepts no more.
        self.assertLessEqual(second[1], later[1])
        self.assertGreaterEqual(boot.kernels[2], HIGH)
        self.assertNotIn(unit(boot.kernels[2]), second[1])
        self.assertEqual(third[1], second[1])


class Rounds(Agreement):
    def rounds(self, processors):
        boot = Boot("vmlinuz-7.2", ["unaccepted", *["kexec", "report", "unaccepted"] * ROUNDS], 2,
                    "--smp", str(processors), kexec=True, timeout=ROUNDS * TIMEOUT)
        self.agree(boot)
        self.assertEqual(len(boot.kernels), ROUNDS + 1)
        self.assertEqual(boot.output.count(f"init: report {processors} processors"), ROUNDS)
        for (_, before), (_, after) in zip(boot.moments, boot.moments[1:]):
            self.assertLessEqual(after, before)

    def test_1_processor(self):
        self.rounds(1)

    def test_4_processors(self):
        self.rounds(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    arguments, rest = parser.parse_known_args()
    BUILD = arguments.build
    unittest.main(defaultTest="Accepted", argv=[sys.argv[0], *rest])
