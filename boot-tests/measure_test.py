#!/usr/bin/python3
# One byte of each input of a TD: the register it belongs to changes, and no other.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boots the test payload once for each input. usage: boot-tests/measure_test.py [--build BUILD]"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import event_log  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
APPEND = "case=measured x"
FATAL_ERROR = 10
LOG_SIZE = 0x8000
# cmdline_size of the setup header [Linux Documentation/arch/x86/boot.rst]
CMDLINE_SIZE_AT = 0x238
BUILD = pathlib.Path("build")


class Inputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernel = (ROOT / BUILD / "payload.bin").read_bytes()
        cls.base = cls.boot()

    @classmethod
    def run_td(cls, kernel=None, initrd=b"initrd", append=APPEND, options=(), stats="/dev/null"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "kernel").write_bytes(kernel or cls.kernel)
            (path / "initrd").write_bytes(initrd)
            return subprocess.run(
                [ROOT / "tools/tdrun", "--machine-elf", ROOT / BUILD / "machine.elf", "--firmware",
                 ROOT / BUILD / "lintel.fd", "--memory", "64M", "--timeout", "60", "--quiet",
                 "--stats", stats, "--kernel", path / "kernel", "--initrd", path / "initrd",
                 "--append", append, *options],
                check=False, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

    @classmethod
    def boot(cls, *arguments, **keywords):
        """The machine's registers and the events of a run that the payload itself found good."""
        with tempfile.NamedTemporaryFile() as stats:
            ended = cls.run_td(*arguments, stats=stats.name, **keywords)
            ended.check_returncode()
            registers = json.load(stats)["rtmr"]
        output = ended.stdout.decode("utf-8", "replace").replace("\r", "")
        events = event_log.read(event_log.from_output(output))
        if "payload: PASS measured" not in output or event_log.replay(events) != registers:
            raise AssertionError(output)
        return registers, events

    def changed(self, *arguments, **keywords):
        """Which registers and which events differ from the first run."""
        registers, events = self.boot(*arguments, **keywords)
        self.assertEqual([event.kind for event in events],
                         [event.kind for event in self.base[1]])
        return ([i for i in range(event_log.REGISTERS) if registers[i] != self.base[0][i]],
                [new.kind for new, old in zip(events, self.base[1]) if new.digest != old.digest])

    def flipped(self, offset):
        kernel = bytearray(self.kernel)
        kernel[offset] ^= 1
        return bytes(kernel)

    def test_the_same_again(self):
        self.assertEqual(self.changed(), ([], []))

    def test_kernel(self):
        """A byte of the setup part that nobody runs, and one of the protected-mode part."""
        for offset in (1023, -16):
            self.assertEqual(self.kernel[offset], 0)
            self.assertEqual(self.changed(kernel=self.flipped(offset)),
                             ([1], [event_log.FIRMWARE_BLOB2]))

    def test_command_line(self):
        self.assertEqual(self.changed(append=APPEND[:-1] + "y"), ([2], [event_log.IPL]))

    def test_initrd(self):
        self.assertEqual(self.changed(initrd=b"initre"), ([2], [event_log.TAG]))

    def test_td_hob(self):
        """Less memory below 4 GiB: the HOB says so, and whatever else does is RTMR[0]'s, too."""
        registers, kinds = self.changed(options=["--memory", "62M"])
        self.assertEqual(registers, [0])
        self.assertIn(event_log.HANDOFF_TABLES2, kinds)

    def test_acpi(self):
        """One vCPU more is in the tables, and moves what follows in them; the HOB is the same."""
        self.assertEqual(self.changed(options=["--smp", "2"]), ([0], [event_log.CONFIG] * 3))

    def test_acpi_pinned_by_the_log(self):
        """An image with the pin boots with those tables, and not with those for two vCPUs."""
        output = self.run_td().stdout.decode("utf-8", "replace").replace("\r", "")
        with tempfile.TemporaryDirectory() as folder:
            log, image = pathlib.Path(folder, "log"), pathlib.Path(folder, "image")
            log.write_bytes(event_log.from_output(output))
            subprocess.run([ROOT / BUILD / "lintel", "image", "--output", image,
                            "--acpi", f"pin={log}"], check=True)
            same = self.run_td(options=["--firmware", image])
            other = self.run_td(options=["--firmware", image, "--smp", "2"])
        self.assertEqual(same.returncode, 0, same.stdout)
        self.assertEqual(other.returncode, FATAL_ERROR)
        self.assertIn(b"fatal: ACPI pin: ", other.stdout)

    def test_a_full_log_ends_the_boot(self):
        """A kernel that would take a command line larger than the log."""
        kernel = bytearray(self.kernel)
        kernel[CMDLINE_SIZE_AT:CMDLINE_SIZE_AT + 4] = b"\xff\xff\0\0"
        ended = self.run_td(bytes(kernel), append="x" * LOG_SIZE)
        self.assertEqual(ended.returncode, FATAL_ERROR)
        self.assertIn(b"fatal: event log: 0x8042 bytes, room for ", ended.stdout)

    def test_nothing_is_in_the_register_of_the_td(self):
        self.assertEqual([int(register, 16) != 0 for register in self.base[0]],
                         [True, True, True, False])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    BUILD = parser.parse_args().build
    unittest.main(argv=sys.argv[:1])
