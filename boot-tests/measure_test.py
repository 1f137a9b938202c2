#!/usr/bin/python3
# What is measured, against others: one byte of each input, tpm2_eventlog, UKIs by Debian's tools.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boots a small payload some dozen times. usage: boot-tests/measure_test.py [--build BUILD]"""

import argparse
import json
import pathlib
import re
import struct
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
LAST_BUS_AT = 0x37  # [PCI Firmware Specification 3.3, 4.1.2]
BUILD = pathlib.Path("build")


def run_td(*options):
    """Each TD has its private memory by 2 MiB, which is quick."""
    return subprocess.run(
        [ROOT / "tools/tdrun", "--machine-elf", ROOT / BUILD / "machine.elf", "--firmware",
         ROOT / BUILD / "lintel.fd", "--memory", "64M", "--page-size", "2M", "--timeout", "60",
         "--quiet", *options], check=False, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)


def text(ended):
    return ended.stdout.decode("utf-8", "replace").replace("\r", "")


def lintel(*words):
    return subprocess.run([ROOT / BUILD / "lintel", *words], check=True,
                          stdout=subprocess.PIPE).stdout


class Inputs(unittest.TestCase):
    """One byte of each input of a TD: the register it belongs to changes, and no other."""

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
            return run_td("--stats", stats, "--kernel", path / "kernel", "--initrd",
                          path / "initrd", "--append", append, *options)

    @classmethod
    def boot(cls, *arguments, **keywords):
        """The machine's registers and the events of a run that the payload itself found good."""
        with tempfile.NamedTemporaryFile() as stats:
            ended = cls.run_td(*arguments, stats=stats.name, **keywords)
            ended.check_returncode()
            registers = json.load(stats)["rtmr"]
        output = text(ended)
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
        output = text(self.run_td())
        with tempfile.TemporaryDirectory() as folder:
            log, image = pathlib.Path(folder, "log"), pathlib.Path(folder, "image")
            log.write_bytes(event_log.from_output(output))
            lintel("image", "--output", image, "--acpi", f"pin={log}")
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


class Replayer(unittest.TestCase):
    """tpm2_eventlog of tpm2-tools, which knows nothing of TDs: its PCR n is the log's register."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        path = pathlib.Path(cls.folder.name)
        (path / "initrd").write_bytes(b"initrd")
        ended = run_td("--kernel", ROOT / BUILD / "payload.bin", "--initrd", path / "initrd",
                       "--append", APPEND, "--stats", path / "stats")
        ended.check_returncode()
        cls.output = text(ended)
        cls.measured = json.loads((path / "stats").read_text())
        (path / "log").write_bytes(event_log.from_output(cls.output))
        cls.told = subprocess.run(["tpm2_eventlog", path / "log"], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout

    def test_events(self):
        events = event_log.read(event_log.from_output(self.output))
        self.assertEqual([event.digest.hex() for event in events],
                         re.findall(r'^    Digest: "([0-9a-f]{96})"$', self.told, re.MULTILINE))
        self.assertEqual([event.register + 1 for event in events],
                         list(map(int, re.findall(r"^  PCRIndex: (\d+)$", self.told,
                                                  re.MULTILINE)))[1:])

    def test_registers(self):
        pcrs = self.told.partition("\npcrs:\n  sha384:\n")[2]
        found = {int(number): value for number, value in
                 re.findall(r"^ +(\d+) *: 0x([0-9a-f]{96})$", pcrs, re.MULTILINE)}
        self.assertEqual(found, {i + 1: self.measured["rtmr"][i] for i in range(3)})

    def test_attributes_of_the_report(self):
        values = json.loads(lintel("attest-values", "--kernel", ROOT / BUILD / "payload.bin",
                                   ROOT / BUILD / "lintel.fd"))
        mask, value = (int(values["attributes"][key], 16) for key in ("mask", "value"))
        report = int(re.search(r"^payload: report attributes ([0-9a-f]+)$", self.output,
                               re.MULTILINE)[1], 16)
        self.assertEqual((mask, report & mask), (1, value))


def memory_image(elf):
    """(base, what an ELF file's segments are in memory)."""
    start, = struct.unpack_from("<Q", elf, 0x20)
    count, = struct.unpack_from("<H", elf, 0x38)
    segments = [struct.unpack_from("<IIQQQQQ", elf, start + 56 * i) for i in range(count)]
    loads = [(paddr, elf[offset:offset + size], memory)
             for kind, _, offset, _, paddr, size, memory in segments if kind == 1]
    base = loads[0][0]
    out = bytearray(max(paddr + memory for paddr, _, memory in loads) - base)
    for paddr, content, _ in loads:
        out[paddr - base:paddr - base + len(content)] = content
    return base, bytes(out)


class Payloads(unittest.TestCase):
    """What is measured of other kinds of payloads, predicted by lintel attest-values."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def judge(self, image, options, values, seen):
        """The TD's registers are those values, given the host's files."""
        host, stats = self.folder / "host", self.folder / "stats"
        ended = run_td("--firmware", image, "--stats", stats, "--host-files", host, *options)
        self.assertEqual(ended.returncode, 0, text(ended))
        self.assertIn(seen, text(ended))
        measured = json.loads(stats.read_text())
        told = json.loads(lintel("attest-values", "--host-files", host, *values, image))
        self.assertEqual(told["mrtd"], measured["mrtd"])
        self.assertEqual(told["rtmr"][:3], measured["rtmr"][:3])

    def test_flat_binary(self):
        elf = (ROOT / BUILD / "paravisor.elf").read_bytes()
        base, content = memory_image(elf)
        entry, = struct.unpack_from("<Q", elf, 0x18)
        (self.folder / "flat").write_bytes(content)
        image = self.folder / "image"
        lintel("image", "--output", image, "--kernel", self.folder / "flat", "--flat", hex(base),
               "--flat-entry", hex(entry))
        self.judge(image, [], [], "paravisor: done, of vCPUs 0x1")

    def uki(self, uki):
        self.judge(ROOT / BUILD / "lintel.fd", ["--kernel", uki], ["--kernel", uki],
                   "payload: PASS measured")

    def test_uki_by_objcopy(self):
        """As Debian 12 makes one: sections added to systemd's stub, after its own."""
        stub, uki = ROOT / BUILD / "firmware/linuxx64.efi.stub", self.folder / "uki"
        command = self.folder / "cmdline"
        command.write_text("case=hello,measured")
        headers = subprocess.run(["objdump", "-h", stub], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout
        end = max(int(size, 16) + int(base, 16) for size, base in
                  re.findall(r"^ +\d+ \S+ +([0-9a-f]+) +([0-9a-f]+) ", headers, re.MULTILINE))
        options, place = [], end + 0x10000 & ~0xFFFF
        for name, path in ((".cmdline", command), (".linux", ROOT / BUILD / "payload.bin")):
            options += ["--add-section", f"{name}={path}", "--change-section-vma",
                        f"{name}={place:#x}"]
            place += 0x100000
        subprocess.run(["objcopy", *options, stub, uki], check=True)
        self.uki(uki)

    def test_uki_by_ukify(self):
        uki = self.folder / "uki"
        subprocess.run([sys.executable, ROOT / BUILD / "firmware/ukify", "build",
                        f"--stub={ROOT / BUILD / 'firmware/linuxx64.efi.stub'}",
                        f"--linux={ROOT / BUILD / 'payload.bin'}", "--uname=6.12",
                        "--cmdline=case=hello,measured", "--os-release=ID=debian",
                        f"--output={uki}"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.uki(uki)


class Tables(unittest.TestCase):
    """What the machine's host changes in QEMU's ACPI tables, which are measured."""

    def last_bus(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            run_td("--kernel", ROOT / BUILD / "payload.bin", "--append", "case=hello",
                   "--host-files", folder, *options).check_returncode()
            tables = (pathlib.Path(folder) / "etc/acpi/tables").read_bytes()
        return tables[tables.index(b"MCFG") + LAST_BUS_AT]

    def test_buses_that_are_not_there_are_in_no_mcfg(self):
        self.assertEqual(self.last_bus(), 0)

    def test_what_may_lead_to_other_buses_leaves_them_in_the_mcfg(self):
        for bridge in "pcie-root-port", "pxb-pcie,bus_nr=32":
            self.assertEqual(
                self.last_bus("--qemu-arg=-device", f"--qemu-arg={bridge},bus=pcie.0"), 63)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    BUILD = parser.parse_args().build
    unittest.main(argv=sys.argv[:1])
