#!/usr/bin/python3
# Which memory a kernel accepts that was left to it: kernel, bitmap and machine say the same.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boots stock kernels with memory above 4 GiB up to three moments, as a program needs ever more.
usage: boot-tests/accepted_test.py [--build BUILD]"""

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
# Of the TD: 2 GiB below 4 GiB, the rest above, in units of 2 MiB. The shim accepts the low ones as
# such pages, all but the first.
MEMORY = "3G"
SHIM_UNITS = 1023
HIGH_UNITS = 512
UNIT_KIB = 2048
TIMEOUT = 180


def boot(kernel, moment):
    """The kernel's KiB, the bitmap's bits, the blocks of 4 MiB that have any, and the units that
    the machine has pending, at a moment that is the TD's last."""
    with tempfile.NamedTemporaryFile("r") as stats:
        ended = subprocess.run(
            [ROOT / "tools/tdrun", "--machine-elf", ROOT / BUILD / "machine.elf", "--firmware",
             ROOT / BUILD / "lintel.fd", "--kernel", ROOT / BUILD / "kernel" / kernel, "--initrd",
             ROOT / BUILD / "initramfs.cpio.gz", "--append", "console=ttyS0 panic=-1 quiet "
             f"iomem=relaxed lintel.script=unaccepted lintel.moment={moment}", "--memory", MEMORY,
             "--page-size", "2M", "--timeout", str(TIMEOUT), "--stats", stats.name],
            check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        counts = json.load(stats)
    print(ended.stdout)
    found = re.search(rf"init: unaccepted {moment}: kernel (\d+) kB, "
                      r"bitmap (\d+) units in (\d+) blocks", ended.stdout)
    pending = HIGH_UNITS - (counts["accept"]["2M"] - SHIM_UNITS)
    assert counts["accept_already"] == 0, "a page is accepted twice"
    return int(found[1]), int(found[2]), int(found[3]), pending


class Accepted(unittest.TestCase):
    def moments(self, kernel, wanted):
        found = [boot(kernel, moment) for moment in wanted]
        for kib, bits, blocks, pending in found:
            self.assertEqual(bits, pending)
            # It counts blocks of 4 MiB, whole ones.
            self.assertEqual(kib % (2 * UNIT_KIB), 0)
            # It accepts a unit more than it is asked for, so that blocks are half accepted. One of
            # which the other half was accepted before may be counted still.
            self.assertLessEqual(bits * UNIT_KIB, kib)
            self.assertLessEqual(kib, (blocks + 1) * 2 * UNIT_KIB)
        figures = [kib for kib, _, _, _ in found]
        self.assertEqual(figures, sorted(figures, reverse=True))
        self.assertEqual(len(set(figures)), len(figures))

    def test_stock(self):
        self.moments("vmlinuz-6.12", (1, 2, 3))

    def test_backports(self):
        self.moments("vmlinuz-7.2", (1, 2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    arguments, rest = parser.parse_known_args()
    BUILD = arguments.build
    unittest.main(argv=[sys.argv[0], *rest])
