#!/usr/bin/python3
# What "make install" gives to others: used from a folder outside of the source tree.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Installs into a folder of its own and works with nothing else.
usage: boot-tests/install_test.py [--build BUILD]"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build")
SUMMARY_OF_AP_EXAMPLE = "example: round 2: 3 APs woken and back"
PARAVISOR_FLAGS = ["-Os", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only", "-fno-pic",
                   "-fno-stack-protector", "-Wall", "-Wextra", "-Werror"]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.work = pathlib.Path(cls.temporary.name)
        cls.prefix = cls.work / "usr"
        subprocess.run(["make", "--silent", f"B={BUILD}", f"PREFIX={cls.prefix}", "install"],
                       cwd=ROOT, check=True)

    def run_here(self, *command, status=0):
        """Output of a command that ends with this status; it finds the installed files by the
        paths that a user would set."""
        ended = subprocess.run(
            [str(word) for word in command], cwd=self.work, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{self.prefix}/bin:{os.environ['PATH']}",
                 "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")})
        self.assertEqual(ended.returncode, status, ended.stdout)
        return ended.stdout

    def test_a_firmware_with_the_ap_path(self):
        folder = self.work / "firmware"
        shutil.copytree(ROOT / "boot-tests/ap-example", folder)
        self.run_here("make", "-C", folder)
        output = self.run_here("tdrun", "--firmware", folder / "ap-example.fd", "--smp", "4",
                               "--memory", "64M", "--timeout", "60", "--report", "report.html",
                               "--stats", "stats.json")
        self.assertIn(SUMMARY_OF_AP_EXAMPLE, output)
        self.check_report(json.loads((self.work / "stats.json").read_text(encoding="utf-8")))

    def check_report(self, stats):
        """Of the run with these statistics: no event is lost, and all RTMRs are replayed."""
        page = (self.work / "report.html").read_text(encoding="utf-8")
        data = re.search(r'id="runs">(.*?)</script>', page, re.DOTALL).group(1)
        run = json.loads(data)["runs"][0]
        for event in ("tdcall", "td_exit", "tdvmcall", "ve"):
            counts = {key: sum(sum(spans[2::3]) for spans in cpus.values())
                      for key, cpus in run["series"].get(event, {}).items()}
            self.assertEqual(counts, stats[event], event)
        self.assertEqual(run["registers"], stats["rtmr"])
        self.assertEqual([lane["cpu"] for lane in run["lanes"]], [0, 1, 2, 3])
        for lane in run["lanes"]:
            self.assertEqual(lane["phases"][-1][0], "host: TD taken down")
        pages = sum(size for _, _, state, _, size in run["memory"] if state == "accepted") // 4096
        self.assertEqual(pages, stats["accept"].get("4K", 0) + 512 * stats["accept"].get("2M", 0))
        self.assertIn(SUMMARY_OF_AP_EXAMPLE, [line for _, _, line in run["log"]])

    def test_a_payload_by_the_header_alone(self):
        source = (ROOT / "boot-tests/paravisor/paravisor.c").read_text(encoding="utf-8")
        (self.work / "payload.c").write_text(
            source.replace('"arch/lintel/handover.h"', "<lintel/handover.h>"), encoding="utf-8")
        flags = self.run_here("pkg-config", "--cflags", "lintel").split()
        self.run_here("clang", *flags, *PARAVISOR_FLAGS, "-c", "payload.c", "-o", "payload.o")
        self.run_here("ld.lld", "-static", "-e", "start", "--image-base=0x1000000", "payload.o",
                      "-o", "payload.elf")
        self.run_here("lintel", "image", "--kernel", "payload.elf", "--output", "image.fd")
        output = self.run_here("tdrun", "--firmware", "image.fd", "--smp", "2", "--memory", "64M",
                               "--timeout", "60")
        self.assertIn("paravisor: APs that run: 0x1", output)

    def test_the_image_that_comes_with_it(self):
        output = self.run_here("tdrun", "--kernel", ROOT / BUILD / "payload.bin", "--append",
                               "case=hello", "--memory", "64M", "--timeout", "60")
        self.assertIn("payload: PASS hello", output)

    def test_boot_tests_in_a_ci(self):
        """By a sample as it comes: an image that is well, and the same without a reset vector."""
        self.run_here("lintel", "image", "--kernel", ROOT / BUILD / "payload.bin", "--cmdline",
                      "case=hello", "--output", "good.fd")
        (self.work / "bad.fd").write_bytes((self.work / "good.fd").read_bytes()[:-16] + bytes(16))
        sample = self.prefix / "share/lintel/tdtest/payload.toml"
        output = self.run_here("tdtest", "--set", "image=good.fd", sample)
        self.assertTrue(output.endswith("\n2 passed, 0 failed\n"), output)
        output = self.run_here("tdtest", "--set", "image=bad.fd", "--only", "power-off", "--junit",
                               "junit.xml", "--output", "kept", sample, status=1)
        self.assertTrue(output.endswith("\n0 passed, 1 failed\n"), output)
        failure = xml.parse(self.work / "junit.xml").find("testsuite/testcase/failure")
        why = "access to unaccepted page at GPA 0x0 by vCPU"
        self.assertRegex(failure.get("message"), f"^exit status 12, not 0: {why} [01]$")
        self.assertIn(why, (self.work / "kept/payload/power-off/output").read_text())

    def test_completion_where_bash_looks_for_it(self):
        for name in ("tdrun", "tdtest"):
            script = (f". {self.prefix}/share/bash-completion/completions/{name} && "
                      f"complete -p {name} && COMP_WORDS=({name} --ju) COMP_CWORD=1 && "
                      f"lintel_complete {name} && echo \"${{COMPREPLY[*]}}\"")
            output = self.run_here("bash", "-c", script)
            self.assertEqual(output.splitlines()[-1], "--junit" if name == "tdtest" else "")

    def test_man_pages(self):
        for name in ("lintel", "tdrun", "tdtest"):
            page = (self.prefix / f"share/man/man1/{name}.1").read_text(encoding="utf-8")
            self.assertIn(f".SH NAME\n{name} \\- ", page)
            self.assertIn("exit status", page.lower())

    def test_nothing_of_the_source_tree_is_named(self):
        # From its first letter on: /lintel may be the source tree, and is in include/lintel/shim.
        folders = rb"/(arch|boot-tests|build|linker|loader|shim|tools)\b"
        named = re.compile(rb"(?<![\w.-])" + re.escape(str(ROOT).encode()) + folders)
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix not in (".elf", ".a") and path.name != "lintel":
                self.assertIsNone(named.search(path.read_bytes()), path)

    def test_the_same_bytes_from_another_folder(self):
        """Who verifies a measurement makes the image again."""
        copy = self.work / "a copy of" / "the sources"
        for folder in ("arch", "linker", "loader", "shim", "tools"):
            shutil.copytree(ROOT / folder, copy / folder)
        shutil.copy(ROOT / "Makefile", copy)
        self.run_here("make", "--silent", "-C", copy, "image", "uefi")
        for name in ("lintel.fd", "lintel.efi"):
            self.assertEqual((copy / "build" / name).read_bytes(),
                             (self.prefix / "lib/lintel" / name).read_bytes(), name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    BUILD = parser.parse_args().build
    unittest.main(argv=sys.argv[:1])
