#!/usr/bin/python3
# Proves that the harness and the layer check can fail.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tests of run.py and bench.py here, and of two checkers of tools/; run by run.py."""

import contextlib
import hashlib
import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "boot-tests"), str(ROOT / "tools")]
import bench  # noqa: E402
import bench_cpu  # noqa: E402
import bench_table  # noqa: E402
import event_log  # noqa: E402
import foreign  # noqa: E402
import fuzz_corpus  # noqa: E402
import mutate  # noqa: E402
import requirements  # noqa: E402
import run  # noqa: E402
import tdcase  # noqa: E402


class EventLogs(unittest.TestCase):
    KERNEL, INITRD, APPEND = b"kernel", b"initrd", "a=b"

    def log(self):
        """(register, type, digest, data) each: what the firmware writes for these inputs."""
        def of(data):
            return hashlib.sha384(data).digest()

        return [(0, 0x8000000B, of(b"hob"), b"")] + [(0, 10, of(b"acpi"), b"ACPI DATA")] * 3 + [
            (0, 4, of(bytes(4)), bytes(4)), (1, 4, of(bytes(4)), bytes(4)),
            (1, 0x8000000A, of(self.KERNEL), b""), (2, 13, of(b"a=b"), b"a=b"),
            (2, 6, of(self.INITRD), b"")]

    def registers(self, log):
        registers = [bytes(48)] * 4
        for register, _, digest, _ in log:
            registers[register] = hashlib.sha384(registers[register] + digest).digest()
        return [register.hex() for register in registers]

    def output(self, log):
        data = struct.pack("<II20sI", 0, 3, b"", 33) + struct.pack(
            "<16sIBBBBIHHB", b"Spec ID Event03", 0, 0, 2, 105, 2, 1, 12, 48, 0)
        for register, kind, digest, event in log:
            data += struct.pack("<IIIH48sI", register + 1, kind, 1, 12, digest, len(event)) + event
        text = (data + bytes([255] * 7)).hex()
        return "".join(f"init: log {text[i:i + 80]}\n" for i in range(0, len(text), 80))

    def judge(self, output, registers, writer="lintel"):
        event_log.judge(writer, "x\n" + output, registers, self.KERNEL, self.INITRD, self.APPEND)

    def test_a_good_log_holds(self):
        self.judge(self.output(self.log()), self.registers(self.log()))

    def test_each_event_counts(self):
        good = self.log()
        for i, (register, kind, digest, data) in enumerate(good):
            for bad in ([], [(register, kind, bytes(48), data)],
                        [(register, kind + 1, digest, data)],
                        [(register ^ 1, kind, digest, data)], [good[i], good[i]]):
                log = good[:i] + bad + good[i + 1:]
                with self.assertRaises(event_log.Wrong):
                    self.judge(self.output(log), self.registers(good))
                # What the firmware would have to do for its inputs.
                if i > 3 or bad in ([], [good[i], good[i]]):
                    with self.assertRaises(event_log.Wrong):
                        self.judge(self.output(log), self.registers(log))

    def test_a_log_of_igvm_begins_with_the_memory_map(self):
        good = [(0, 10, bytes(48), b"IGVM MEMORY MAP"), *self.log()[1:]]
        self.judge(self.output(good), self.registers(good), "igvm")
        for writer, log in (("lintel", good), ("igvm", self.log()), ("igvm", good[1:]),
                            ("igvm", [(0, 10, bytes(48), b"ACPI DATA"), *good[1:]])):
            with self.assertRaises(event_log.Wrong):
                self.judge(self.output(log), self.registers(log), writer)

    def test_the_text_of_the_command_line_counts(self):
        log = self.log()
        log[7] = (2, 13, log[7][2], b"a=c")
        with self.assertRaises(event_log.Wrong):
            self.judge(self.output(log), self.registers(log))

    def test_the_initrd_of_edk2s_log_counts(self):
        tag = event_log.INITRD_TAG
        for digest, data, good in ((hashlib.sha384(self.INITRD).digest(), tag, True),
                                   (hashlib.sha384(self.KERNEL).digest(), tag, False),
                                   (hashlib.sha384(self.INITRD).digest(), tag[:-1], False)):
            log = [(2, 6, digest, data)]
            with contextlib.nullcontext() if good else self.assertRaises(event_log.Wrong):
                self.judge(self.output(log), self.registers(log), "edk2")

    def test_the_application_of_uefi_comes_first(self):
        image = bytearray(range(256)) * 4
        image[0x3C:0x40] = struct.pack("<I", 0x40)
        image[0x46:0x48] = struct.pack("<H", 2)         # sections
        image[0x54:0x56] = struct.pack("<H", 0xF0)      # bytes of the optional header
        image[0x58 + 60:0x58 + 64] = struct.pack("<I", 0x200)
        for at, size, start in ((0x148, 0x80, 0x300), (0x170, 0x100, 0x200)):
            image[at + 16:at + 24] = struct.pack("<II", size, start)
        digest = hashlib.sha384(image[:0x98] + image[0x9C:0xE8] + image[0xF0:]).digest()
        self.assertEqual(event_log.image_digest(bytes(image)), digest)

        def judged(log):
            event_log.judge("uefi", "x\n" + self.output(log), self.registers(log), self.KERNEL,
                            self.INITRD, self.APPEND, bytes(image))

        files = self.log()[6:]
        good = [(1, 0x8000000A, bytes(48), b")Fv(x"), (1, 0x80000003, digest, b"path"), *files]
        judged(good)
        for bad in (good[:1] + files, [*files, *good[:2]], good[:2] + files[1:], good[:-1],
                    [*good, good[-1]], [good[0], (1, 0x80000003, bytes(48), b""), *files],
                    [*good[:3], (2, 13, files[1][2], b"a=c"), good[4]]):
            with self.assertRaises(event_log.Wrong):
                judged(bad)

    def test_malformed_logs(self):
        registers = self.registers(self.log())
        output = self.output(self.log())
        for bad in ("", output.replace("init: ", "note: "), output.replace("5370", "5371", 1),
                    output.replace("0c003000", "0b002000", 1), output[:-60] + "\n",
                    output.replace("log 0000000003", "log 0000000004", 1)):
            self.assertNotEqual(bad, output)
            with self.assertRaises(event_log.Wrong):
                self.judge(bad, registers)


def check_tree(checker, files):
    """Status and output of the checker on a tree with these files: path -> text."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = pathlib.Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        ended = subprocess.run([ROOT / checker, folder], check=False, capture_output=True,
                               text=True)
        return ended.returncode, ended.stdout


class Docs(unittest.TestCase):
    FILES = {"shim/ap.c": "", "shim/README.md": "# The `shim`, now\n`ap.c`\n",
             "boot-tests/unit/x.c": ""}

    def check(self, path, text):
        return check_tree("tools/check-docs.py", {**self.FILES, path: text})

    def test_what_is_there_holds(self):
        for path, text in (
                ("README.md", "line\n" * 120 + ""), ("README.md", "x" * 100 + "\n|" + "x" * 200),
                ("README.md", "[a](shim/README.md#the-shim-now) `shim/ap.*` `shim/` `build/x`"),
                ("README.md", "# A\n[a](#a) [b](https://example.org/x) `no/such` `shim/ap.c -x`"),
                ("boot-tests/README.md", "[a](../shim/ap.c) `unit/x.c` `shim/ap.c` `case/x`")):
            status, output = self.check(path, text)
            self.assertEqual((status, output), (0, "2 files, 0 faults\n"), text)

    def test_each_fault_is_found(self):
        for path, text in (
                ("README.md", "line\n" * 121), ("README.md", "x" * 101),
                ("boot-tests/README.md", "x" * 101), ("README.md", "[a](shim/none.c)"),
                ("README.md", "[a](shim/README.md#other)"), ("README.md", "# A\n[a](#b)"),
                ("README.md", "`shim/none.c`"), ("README.md", "`shim/none --option`"),
                ("README.md", "`shim/b*.c`"), ("boot-tests/README.md", "`unit/none.c`"),
                ("boot-tests/README.md", "[a](shim/ap.c)")):
            status, output = self.check(path, text)
            self.assertEqual(status, 1, text)
            self.assertIn(f"{path}:", output)
            self.assertIn("2 files, 1 faults", output)

    def test_empty_tree_fails(self):
        self.assertEqual(check_tree("tools/check-docs.py", {})[0], 1)


class Layers(unittest.TestCase):
    def check(self, files):
        return check_tree("tools/check-layers.py", files)

    def test_downward_holds(self):
        status, output = self.check({
            "linker/memmap.h": "",
            "arch/base/a.h": '#include "linker/memmap.h"\n#include <stdint.h>\n',
            "shim/s.c": '#include "arch/base/a.h"\n',
            "boot-tests/vmm/v.c": '#include "boot-tests/module/m.h"\n',
            "boot-tests/module/m.h": "",
            "boot-tests/unit/s_test.c": '#include "shim/s.c"\n#include <cmocka.h>\n',
        })
        self.assertEqual((status, output), (0, "6 files, 0 violations\n"))

    def test_each_violation_is_found(self):
        for path, line in (
                ("arch/base/a.h", '#include "loader/l.h"'),
                ("loader/x.c", '#include "shim/s.h"'),
                ("shim/x.c", '#include "tools/t.h"'),
                ("tools/x.c", '#include "shim/s.h"'),
                ("boot-tests/machine/x.c", '#include "boot-tests/module/m.h"'),
                ("boot-tests/module/x.c", '#include "boot-tests/vmm/v.h"'),
                ("boot-tests/payload/x.c", '#include "boot-tests/machine/m.h"'),
                ("boot-tests/vmm/x.c", '#include "shim/s.h"'),
                ("boot-tests/vmm/x.c", '#include "boot-tests/vmm/script/s.h"'),
                ("shim/x.nasm", '%include "tools/t.h"'),
                ("shim/x.c", "#include <stdio.h>"),
                ("shim/x.c", '#include "s.h"'),
                ("boot-tests/other/x.c", "")):
            files = {name: "" for name in (
                "loader/l.h", "shim/s.h", "tools/t.h", "boot-tests/machine/m.h",
                "boot-tests/module/m.h", "boot-tests/vmm/v.h", "boot-tests/vmm/script/s.h")}
            status, output = self.check({**files, path: line + "\n"})
            self.assertEqual(status, 1, f"{path}: {line}")
            self.assertIn(path, output)
            self.assertIn("8 files, 1 violations", output)

    def test_circles_are_found(self):
        def lines(*targets):
            return "".join(f'#include "{target}"\n' for target in targets)

        for circle, files in (
                ("arch/a, arch/b", {"arch/a.c": lines("arch/a.h", "arch/b.h"),
                                    "arch/b.c": lines("arch/b.h", "arch/a.h")}),
                ("arch/a, arch/b", {"arch/a.h": lines("arch/b.h"), "arch/b.nasm":
                                    '%include "arch/a.h"\n'}),
                ("arch/a, arch/b, arch/c", {"arch/a.h": lines("arch/b.h"),
                                            "arch/b.c": lines("arch/c.h"),
                                            "arch/c.c": lines("arch/a.h")})):
            headers = {f"arch/{name}.h": "" for name in "abcd"}
            above = {"shim/s.c": lines("arch/a.h", "arch/d.h")}
            status, output = self.check({**headers, **above, **files})
            self.assertEqual(status, 1, files)
            self.assertIn(f"circle of includes: {circle}\n", output)
            self.assertIn(" files, 1 violations", output)

    def test_circles_with_a_reason_hold(self):
        checker = tdcase.load_script(ROOT / "tools/check-layers.py")
        circle = frozenset({"shim/a", "shim/b"})
        for pattern, holds in (("shim/*", True), ("shim/a", False), ("shim/[ab]", True),
                               ("arch/*", False)):
            self.assertEqual(checker.is_named(circle, {pattern}), holds, pattern)
        self.assertTrue(checker.is_named(circle, {"shim/b", "shim/a"}))
        for _, reason in checker.CIRCLES:
            self.assertRegex(reason, "...")
        checker.CIRCLES = [({"none/*"}, "a circle that there is not")]
        self.assertEqual(list(checker.check_excuses([])),
                         ["CIRCLES names what is no circle: none/*"])

    def test_empty_tree_fails(self):
        self.assertEqual(self.check({})[0], 1)


class Requirements(unittest.TestCase):
    FILES = {"boot-tests/unit/vmm/mmu_test.c": "static void zap(void **state)\n{\n",
             "boot-tests/x_test.py": "class X:\n    def test_x(self):\n",
             "boot-tests/fuzz/hob_fuzz.c": "", "shim/README.md": "# The `shim`, now\n"}
    GOOD = ["words", "unit/mmu_test:zap", "python/x_test:test_x", "fuzz/hob_fuzz", "ap/held",
            "shim/README.md#the-shim-now", "open: more"]

    def faults(self, lines, files=()):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {**self.FILES, **dict(files)}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return [*requirements.line_faults(root, {"ap/held"}, lines),
                    *requirements.comment_faults(root)]

    def all_lines(self):
        return {name: self.GOOD for name in requirements.IDS}

    def test_what_is_there_holds(self):
        self.assertEqual(len(requirements.IDS), 169)
        self.assertEqual(self.faults(self.all_lines(), [("boot-tests/a.c", "/* 001-R7 */")]), [])

    def test_each_fault_is_found(self):
        for name, line in (("001-" "R98", self.GOOD), ("001-R1", ["words"]),
                           *(("001-R1", ["words", evidence]) for evidence in (
                               "unit/mmu_test:za", "unit/mmu_test", "unit/mm_test:zap",
                               "python/x_test:test_", "python/x_test", "python/y_test:test_x",
                               "fuzz/hob", "ap/hel", "ap", "shim/README.md#the-shim",
                               "shim/README.md", "loader/README.md#the-shim-now", ""))):
            found = self.faults({**self.all_lines(), name: line})
            self.assertEqual(len(found), 1, line)
            self.assertIn(name, found[0])
        lines = self.all_lines()
        del lines["003-R15a"]
        self.assertEqual(self.faults(lines), ["003-R15a: no line"])
        for path in ("boot-tests/a.c", "boot-tests/cases/a.toml", "boot-tests/a.py"):
            self.assertEqual(self.faults(self.all_lines(), [(path, "001-R1, 003-" "R15b")]),
                             [f"{path} names 003-" "R15b: no such id"])

    def test_results(self):
        verdicts = {"unit/mmu_test": "PASS", "stock/boots#1": "PASS", "stock/boots#2": "TIMEOUT",
                    "stock/boots-2": "FAIL", "ap/held": "SKIP"}
        for evidence, ended in (
                ("unit/mmu_test:zap", "PASS"), ("unit/mmu:zap", "not run"), ("ap/held", "SKIP"),
                ("stock/boots", "TIMEOUT"), ("stock/boots-2", "FAIL"), ("a.md#b", "documented")):
            self.assertEqual(requirements.result(verdicts, evidence), ended)

    def test_what_is_open_or_failed_counts(self):
        def show(line, verdict):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                counts = requirements.show({"001-R10": line, "001-R9": ["first", "a.md#b"]},
                                           {"ap/held": verdict})
            self.assertLess(output.getvalue().index("first"), output.getvalue().index("last"))
            return counts

        self.assertEqual(show(["last", "ap/held"], "PASS"), (0, 0))
        self.assertEqual(show(["last", "ap/held"], "SKIP"), (0, 0))
        self.assertEqual(show(["last", "ap/held", "ap/none"], "FAIL"), (0, 1))
        self.assertEqual(show(["last", "ap/held", "open: much"], "TIMEOUT"), (1, 1))

    def test_verdicts_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, test in (("a", lambda: ""), ("b", lambda: 1 / 0), ("a", lambda: "")):
                results = run.Results(pathlib.Path(folder, "tests"), None)
                with contextlib.redirect_stdout(io.StringIO()):
                    results.run(name, test, pathlib.Path(folder, "log"))
                    results.end()
            self.assertEqual(run.load_verdicts(pathlib.Path(folder, "tests")),
                             {"a": "PASS", "b": "FAIL"})


class Judge(unittest.TestCase):
    def judge(self, status=0, output="", stopped=False, **case):
        run.judge(run.Case("case", **case), tdcase.Ended(status, output, stopped))

    def test_status(self):
        self.judge()
        with self.assertRaises(run.Failure):
            self.judge(status=10)

    def test_expected_status(self):
        run.judge(run.Case("case", status=10), tdcase.Ended(10, "", False))
        with self.assertRaises(run.Failure):
            run.judge(run.Case("case", status=10), tdcase.Ended(0, "", False))

    def test_timeout_is_its_own_verdict(self):
        with self.assertRaises(tdcase.Timeout):
            self.judge(status=124)
        run.judge(run.Case("case", status=124), tdcase.Ended(124, "", False))

    def test_patterns(self):
        self.judge(output="a\nb\n", expect=["^b$"], forbid=["^c$"])
        with self.assertRaises(run.Failure):
            self.judge(output="a\n", expect=["^b$"])
        with self.assertRaises(run.Failure):
            self.judge(output="c\n", forbid=["^c$"])

    def test_what_every_case_forbids(self):
        for line in run.Case.FORBIDDEN:
            with self.assertRaises(run.Failure):
                self.judge(output=f"x {line} y\n", forbid=["^c$"])
            with self.assertRaises(run.Failure):
                self.judge(output=line, allow=[text for text in run.Case.FORBIDDEN if text != line])
            self.judge(output=line, allow=[line])

    def test_until(self):
        self.judge(status=-15, stopped=True, until="x")
        with self.assertRaises(run.Failure):
            self.judge(status=0, stopped=False, until="x")

    def test_stats(self):
        case = run.Case("case", stats={"accept/2M": [1, 5]})
        tdcase.judge_stats(case, {"accept": {"2M": 5}})
        for stats in ({"accept": {"2M": 6}}, {"accept": {}}, {}):
            with self.assertRaises(run.Failure):
                tdcase.judge_stats(case, stats)


class Processes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = pathlib.Path(self.folder.name, "log")

    def test_status_and_output(self):
        ended = run.run_process(["sh", "-c", "echo text; exit 3"], self.log, 10)
        self.assertEqual((ended.status, ended.output, ended.stopped), (3, "text\n", False))

    def test_a_process_that_does_not_end_is_killed(self):
        with self.assertRaises(tdcase.Timeout):
            run.run_process(["sleep", "60"], self.log, 0.5)

    def test_until_stops(self):
        ended = run.run_process(["sh", "-c", "echo seen; sleep 60"], self.log, 30, until="seen")
        self.assertTrue(ended.stopped)

    def test_until_of_a_process_that_ends_at_once(self):
        ended = run.run_process(["sh", "-c", "sleep 0.1; echo seen; exit 3"], self.log, 30,
                                until="seen")
        self.assertTrue(ended.stopped)
        ended = run.run_process(["sh", "-c", "exit 3"], self.log, 30, until="seen")
        self.assertFalse(ended.stopped)

    def test_a_unit_program_without_tests_fails(self):
        with self.assertRaises(run.Failure):
            run.run_unit(run.Results(None, None), "unit/x", "true", self.log)

    def unit(self, output):
        """The note of a unit program that prints this, and what it skips."""
        results = run.Results(None, None)
        program = pathlib.Path(self.folder.name, "unit_test")
        program.write_text(f"#!/bin/sh\ncat <<'E'\n{output}E\n", encoding="utf-8")
        program.chmod(0o700)
        return run.run_unit(results, "unit/x", program, self.log), results.skipped

    def test_skips_of_a_unit_program_are_named(self):
        passed = "[ RUN      ] a\n[       OK ] a\n"
        skipped = ("[ RUN      ] b\nSKIP: why\n[  SKIPPED ] b\n[  SKIPPED ] 1 test(s), listed "
                   "below:\n[  SKIPPED ] b\n")
        self.assertEqual(self.unit(passed), ("1 tests", []))
        self.assertEqual(self.unit(passed + skipped),
                         ("1 tests, 1 skipped", ["SKIP unit/x/b: why"]))
        for output in (skipped, passed + skipped.replace("SKIP: why\n", "")):
            with self.assertRaises(run.Failure):
                self.unit(output)

    def test_a_thread_sanitizer_that_cannot_run_is_named(self):
        with self.assertRaisesRegex(run.Skip, "vm.mmap_rnd_bits"):
            self.unit("FATAL: ThreadSanitizer: unexpected memory mapping 0x5d04\n")

    def test_a_fuzzer_that_runs_nothing_fails(self):
        with self.assertRaises(run.Failure):
            run.run_fuzzer("true", self.log, pathlib.Path(self.folder.name, "corpus"))

    def test_a_missing_file_fails(self):
        case = run.Case("case", kernel="{build}/none", firmware="/dev/null")
        with self.assertRaisesRegex(run.Failure, "none is not there"):
            run.run_case(case, pathlib.Path(self.folder.name, "case"), {"build": "/nowhere"})


    def pytest(self, text):
        results = run.Results(None, None)
        file = pathlib.Path(self.folder.name, "x_test.py")
        file.write_text(text, encoding="utf-8")
        return run.run_pytest(results, "python/x", file, self.log), results.skipped

    def test_python_tests(self):
        skips = "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('why')\n"
        self.assertEqual(self.pytest("def test_a(): pass\n"), ("1 tests", []))
        self.assertEqual(self.pytest(skips),
                         ("1 tests, 1 skipped", ["SKIP python/x/test_b: why"]))
        for text in ("", "def test_a(): assert False\n", skips.replace("def test_a(): pass", "")):
            with self.assertRaises(run.Failure):
                self.pytest(text)

    def test_a_known_file_chooses_what_is_expected(self):
        file = pathlib.Path(self.folder.name, "file")
        file.write_bytes(b"abc")
        digest = hashlib.sha256(b"abc").hexdigest()

        def run_it(known, path=file):
            case = run.Case("case", command=["echo", "text"], firmware="/dev/null",
                            known_file=str(path), known=known)
            run.run_case(case, pathlib.Path(self.folder.name, "case"), {})

        run_it({digest: "^text$"})
        with self.assertRaisesRegex(run.Failure, "lacks /other/"):
            run_it({digest: "other"})
        with self.assertRaisesRegex(run.Skip, digest):
            run_it({"00": "^text$"})
        with self.assertRaisesRegex(run.Failure, "is not there"):
            run_it({digest: "^text$"}, "/nowhere")


class Filtered(unittest.TestCase):
    """A filtered run builds what its tests need, and no more."""

    def steps(self, programs=(), pythons=(), cases=(), fail=None):
        """What build_wanted() returns, and the words of each step."""
        with tempfile.TemporaryDirectory() as folder:
            results = run.Results(pathlib.Path(folder), re.compile("x"))
            words = []

            def note(log, *command):
                words.append(" ".join(command))
                if fail is not None and fail in words[-1]:
                    raise run.Failure("as it should")
                return ""

            with (unittest.mock.patch.object(run, "run_make", note),
                  unittest.mock.patch.object(run, "run_checker", note),
                  contextlib.redirect_stdout(io.StringIO())):
                return run.build_wanted(results, "b", programs, pythons, cases), words

    def test_a_filter_reaches_run_as_it_was_given(self):
        """By make test, as words of the command that it would run."""
        listed = subprocess.run(["make", "-n", "-C", ROOT, "ONLY=^(a|b$)x$", "test"], check=True,
                                capture_output=True, text=True)
        self.assertIn("--only '^(a|b$)x$'\n", listed.stdout)
        ended = subprocess.run([ROOT / "boot-tests/run.py", "--only", "^(a"], check=False,
                               capture_output=True, text=True)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("'^(a': missing )", ended.stderr)

    def test_each_kind(self):
        everything = "B=b CC=clang boot-programs"
        self.assertEqual(self.steps(), (True, []))
        self.assertEqual(self.steps(programs=[pathlib.Path("b/unit/x_test")]),
                         (True, ["B=b CC=clang b/unit/x_test"]))
        self.assertEqual(self.steps(pythons=[pathlib.Path("x_test.py")]), (True, [everything]))
        self.assertEqual(self.steps(cases=[run.Case("c", kernel="{payload}")]),
                         (True, [everything]))

    def test_downloads(self):
        for case, wanted in ((run.Case("c", kernel="{stock}"), {"6.12"}),
                             (run.Case("c", image=["--kernel", "{backports}"]), {"7.2"}),
                             (run.Case("c", firmware="{ovmf13}"), {"ovmf-13"}),
                             (run.Case("c", command=["boot-tests/x_test.py"]),
                              {"6.12", "7.2", "ovmf-13", "stub", "ukify"})):
            _, words = self.steps(cases=[case])
            self.assertEqual({line.split()[1] for line in words[:-1]}, wanted)

    def test_no_test_of_stale_binaries(self):
        self.assertFalse(self.steps(cases=[run.Case("c")], fail="CC=clang")[0])
        self.assertTrue(self.steps(cases=[run.Case("c", kernel="{stock}")], fail="6.12")[0])


class Corpus(unittest.TestCase):
    def test_kept_inputs_are_files_of_the_fuzzer(self):
        with (tempfile.TemporaryDirectory() as folder,
              unittest.mock.patch.object(fuzz_corpus, "KEPT", pathlib.Path(folder, "kept"))):
            self.assertEqual(fuzz_corpus.kept("a_fuzz"), [])
            fuzz_corpus.keep("a_fuzz", [b"long", b"a", b""])
            fuzz_corpus.keep("a_fuzz", [b"b", b"a"])
            self.assertEqual(fuzz_corpus.kept("a_fuzz"), [b"a", b"b", b"long"])
            grown, seeds = fuzz_corpus.folders("a_fuzz", folder)
            self.assertEqual(list(grown.iterdir()), [])
            self.assertEqual({path.read_bytes() for path in seeds.iterdir()}, {b"a", b"b", b"long"})


class Lost(unittest.TestCase):
    def test_a_file_that_nobody_runs_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            paths = [root / name for name in ("boot-tests/unit/a_test.c", "tools/b_test.py",
                                              "boot-tests/fuzz/c_fuzz.c", "shim/d_test.c")]
            for path in (*paths, root / "boot-tests/unit/fixture.c"):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            self.assertEqual(run.run_by_nobody(root, set(paths)), "4 files")
            for path in paths:
                with self.assertRaisesRegex(run.Failure, f"nobody: {path.relative_to(root)}$"):
                    run.run_by_nobody(root, set(paths) - {path})


class CompileCommands(unittest.TestCase):
    def test_every_source_is_compiled(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["make", "-s", "-C", ROOT, f"B={folder}", "compile-commands"],
                           check=True, stdout=subprocess.DEVNULL)
            entries = json.loads(pathlib.Path(folder, "compile_commands.json").read_text("utf-8"))
        sources = {str(path.relative_to(ROOT)) for folder in run.SOURCE_FOLDERS
                   for path in (ROOT / folder).rglob("*.c")}
        self.assertEqual({entry["file"] for entry in entries}, sources)
        for entry in entries:
            self.assertIn("-std=gnu11", entry["command"])
        first = next(entry for entry in entries if entry["file"] == "shim/shim_main.c")
        self.assertIn("-ffreestanding", first["command"])


class Totals(unittest.TestCase):
    def results(self, *tests):
        with tempfile.TemporaryDirectory() as folder:
            results = run.Results(pathlib.Path(folder), None)
            log = pathlib.Path(folder, "log")
            with contextlib.redirect_stdout(io.StringIO()) as self.output:
                results.run_all([("a test", test, log) for test in tests], 2)
                return results.end()

    def fail(self):
        raise run.Failure("as it should")

    def skip(self):
        raise run.Skip("a reason")

    def test_skips_are_named_and_counted(self):
        self.assertEqual(self.results(lambda: "", self.skip), 0)
        self.assertTrue(self.output.getvalue().endswith(
            "\nSKIP a test: a reason\n1 passed, 0 failed, 1 skipped\n"))
        self.assertEqual(self.results(self.skip), 1, "nothing but skips")
        self.assertEqual(self.results(self.skip, self.fail), 1)

    def test_totals(self):
        self.assertEqual(self.results(lambda: ""), 0)
        self.assertEqual(self.results(lambda: "", self.fail), 1)
        self.assertTrue(self.output.getvalue().endswith("\n1 passed, 1 failed\n"))
        self.assertEqual(self.results(), 1, "no test at all")


class Cases(unittest.TestCase):
    def test_the_cases_of_the_tree_load(self):
        cases = run.load_cases(ROOT / "boot-tests/cases")
        self.assertGreater(len(cases), 20)
        names = [case.name for case in cases]
        self.assertEqual(len(names), len(set(names)))

    def test_an_unknown_key_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "x.toml").write_text("[a]\nstatsu = 1\n", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "^x/a: .*'statsu'$"):
                run.load_cases(folder)

    def test_a_setting_of_the_machine_is_a_key(self):
        def options(**table):
            case = tdcase.make_case(run.Case, "case", table)
            words = run.boot_command(case, None, pathlib.Path("f"), {"build": "b"})
            self.assertEqual(words[-4:], ["--timeout", "60", "--stats", "f/stats.json"])
            return words[words.index("64M") + 1:-4]

        machine = ["--machine-elf", "b/machine.elf"]
        self.assertEqual(options(), machine)
        self.assertEqual(options(gpaw=52, la57=True), ["--gpaw", "52", "--la57", *machine])
        self.assertEqual(options(mapgpa_retry="64K", mapgpa_again=2, tdrun=["--x"]),
                         ["--mapgpa-retry", "64K", "--mapgpa-again", "2", *machine, "--x"])
        for key in ("name", "settings", "gpawx", "debug"):
            with self.assertRaisesRegex(ValueError, f"'{key}'$"):
                tdcase.make_case(run.Case, "case", {key: 1})

    def test_a_setting_without_a_machine_is_refused(self):
        for table in ("machine = 'pc'", "command = ['x']"):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "x.toml")
                path.write_text(f"[a]\n{table}\nla57 = true\nscript = 'x'\ndisk = 'x'\n",
                                "utf-8")
                with self.assertRaisesRegex(ValueError, "^x/a: la57, script, disk of no machine"):
                    run.load_cases(folder)

    def test_the_script_of_a_case(self):
        case = run.Case("case", script="on HOB: x")
        with tempfile.TemporaryDirectory() as folder:
            words = run.boot_command(case, None, pathlib.Path(folder), {"build": "b"})
            path = words[words.index("--host-script") + 1]
            self.assertEqual(pathlib.Path(path).read_text("utf-8"), "on HOB: x")

    def test_what_nobody_forbids_is_not_allowed(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "x.toml").write_text("[a]\nallow = ['x']\n", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "x/a: nobody forbids"):
                run.load_cases(folder)


class MachineOrder(unittest.TestCase):
    def test_names_are_of_the_machine(self):
        files = [path for folder in ("arch", "loader", "boot-tests/machine", "boot-tests/module",
                                     "boot-tests/vmm") for path in (ROOT / folder).rglob("*")
                 if path.suffix in (".c", ".h", ".def", ".nasm")]
        words = set(re.findall(r"\w+", "\n".join(path.read_text() for path in files)))
        names = [line for line in (ROOT / "linker/machine.order").read_text().splitlines()
                 if line and not line.startswith("#")]
        self.assertEqual(len(names), len(set(names)))
        for name in names:  # "function.variable", and "event_NAME_counts" of a row EVENT(NAME
            event = re.sub(r"^event_(\w+?)(_counts)?$", r"\1", name)
            self.assertTrue(event in words or words.issuperset(name.split(".")), name)


class Foreign(unittest.TestCase):
    ROWS = [foreign.Row("lintel", "linux-sid", 4, "2G", "kexec"),
            foreign.Row("ovmf-13", "linux-13-cloud", 1, "1G", why="x|y"),
            foreign.Row("ovmf-12-4m", ends={"status": 2, "timeout": 9})]

    def test_each_row_is_a_case_of_tdtest(self):
        names = [row.name() for row in foreign.ROWS]
        self.assertEqual(len(names), len(set(names)))
        build = pathlib.Path("/b")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "foreign.toml")
            path.write_text(foreign.as_toml({row.name(): row.case(build) for row in foreign.ROWS}),
                            "utf-8")
            cases = tdcase.load_file(path)
        self.assertEqual([case.name for case in cases], ["foreign/" + name for name in names])
        self.assertLessEqual({("16", "4G"), ("2", "64G"), ("1", "256M")},
                             {(case.smp, case.memory) for case in cases})

    def test_what_stands_in_a_case(self):
        kexec, boot, unfit = (row.case(pathlib.Path("/b")) for row in self.ROWS)
        self.assertEqual((kexec["firmware"], kexec["kernel"], kexec["initrd"]),
                         ("/b/lintel.fd", "/b/kernel/vmlinuz-sid", "/b/foreign/linux-sid.cpio"))
        self.assertIn("lintel.script=kexec,report", kexec["append"])
        self.assertIn("^init: report 4 processors after kexec, online 0", kexec["expect"])
        self.assertEqual((boot["firmware"], boot["kernel"], boot["initrd"]),
                         ("/b/firmware/ovmf-13.fd", "/b/kernel/vmlinuz-13-cloud",
                          "/b/initramfs.cpio.gz"))
        self.assertIn("^init: processors 1$", boot["expect"])
        self.assertNotIn("kernel", unfit)
        self.assertEqual((unfit["status"], unfit["timeout"]), (2, 9))

    def test_every_value_occurs(self):
        """Each kernel with our firmware and with one that is not, each script with both."""
        kernels = {f"linux-{release}{flavour}" for release in ("12-backports", "13", "sid")
                   for flavour in ("", "-cloud")}
        for ours in (True, False):
            some = [row for row in foreign.ROWS if (row.firmware == foreign.OURS) == ours]
            self.assertLessEqual(kernels, {row.kernel for row in some})
            self.assertLessEqual(set(foreign.SCRIPTS), {row.script for row in some})
            self.assertLessEqual({1, 2, 4, 8, 16}, {row.vcpus for row in some})
        self.assertTrue(all(row.why for row in foreign.ROWS
                            if row.ends.get("status") is not None))

    def test_what_a_row_needs(self):
        self.assertEqual([row.needs() for row in self.ROWS],
                         [{"linux-sid"}, {"linux-13-cloud", "ovmf-13"}, {"ovmf-12-4m"}])
        asked = []

        def run_it(command, check):
            asked.append(command[1:])
            return subprocess.CompletedProcess(command, 3 if command[1] == "linux-sid" else 0)

        with unittest.mock.patch.object(foreign.subprocess, "run", run_it):
            self.assertEqual(foreign.get(self.ROWS, pathlib.Path("/b")), {"linux-sid"})
        self.assertEqual(asked, [["linux-13-cloud", pathlib.Path("/b/kernel")],
                                 ["linux-sid", pathlib.Path("/b/kernel")],
                                 ["ovmf-12-4m", pathlib.Path("/b/firmware")],
                                 ["ovmf-13", pathlib.Path("/b/firmware")]])

    def test_verdicts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "junit.xml")
            path.write_text("<testsuites><testsuite><testcase name='a' time='1.6'/><testcase "
                            "name='b' time='2'><failure type='TIMEOUT' message='x|y'/></testcase>"
                            "</testsuite></testsuites>", encoding="utf-8")
            self.assertEqual(foreign.verdicts(path),
                             {"a": ("passed", 1.6), "b": ("TIMEOUT: x|y", 2.0)})

    def test_the_table(self):
        found = {self.ROWS[0].name(): ("TIMEOUT: x|y", 2.0), self.ROWS[1].name(): ("passed", 1.6)}
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            (build / "kernel").mkdir()
            (build / "kernel/vmlinuz-sid.package").write_text("linux-binary-7 7.2.13-1\n")
            self.assertEqual(foreign.table(self.ROWS, found, build).splitlines()[2:], [
                "| lintel | linux-sid 7.2.13-1 | 4 | 2G | kexec | TIMEOUT: x/y | 2 |",
                "| ovmf-13 | linux-13-cloud | 1 | 1G |  | as known: x/y | 2 |",
                "| ovmf-12-4m |  | 1 | 512M |  | not run |  |"])

    def test_what_is_left_out_is_as_it_was(self):
        """Of two rows one is not wanted, and one cannot be had."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "foreign").mkdir()
            (pathlib.Path(folder) / "foreign/found.json").write_text(
                json.dumps({self.ROWS[0].name(): ("passed", 7), self.ROWS[2].name(): ("x", 1)}))
            with (unittest.mock.patch.object(foreign, "ROWS", self.ROWS),
                  unittest.mock.patch.object(foreign, "get", lambda *_: {"ovmf-12-4m"}),
                  unittest.mock.patch.object(sys, "argv", ["foreign.py", "--build", folder,
                                                           "--only", "ovmf-12-4m"]),
                  contextlib.redirect_stdout(io.StringIO()) as out):
                self.assertEqual(foreign.main(), 1)
        self.assertEqual([line.split(" | ")[5:] for line in out.getvalue().splitlines()[2:]],
                         [["passed", "7 |"], ["not run", " |"],
                          ["not tried: no ovmf-12-4m", " |"]])


class Debian(unittest.TestCase):
    """The disk of make test-debian; what it takes minutes to make is not made here."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name, "new")
        self.maker = tdcase.load_script(ROOT / "tools/mkdebian")

    def make(self, *words):
        """Its exit status, and what it said."""
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            return self.maker.main(list(words)), told.getvalue()

    def test_partitions_fill_the_disk_but_for_both_tables(self):
        *starts, end = self.maker.starts()
        self.assertEqual(starts, [1 << 20, 65 << 20])
        self.assertEqual(end, (1 << 30) - (1 << 20))
        self.assertEqual(self.maker.partition_table(),
                         "label: gpt\nstart=1MiB, size=64MiB, type=uefi, name=EFI\n"
                         "start=65MiB, size=958MiB, type=linux, name=root\n")

    def test_wrong_usage_is_2(self):
        for words in ([], ["a", "b", "c"], ["a", "Trixie"], ["a", "--help"]):
            status, told = self.make(*words)
            self.assertEqual(status, 2)
            self.assertEqual(told.partition("FOLDER")[0], "usage: tools/mkdebian ")

    def test_what_is_there_is_not_made_again(self):
        self.folder.mkdir()
        with unittest.mock.patch.object(self.maker, "make") as make, \
                unittest.mock.patch.object(self.maker.os, "geteuid", lambda: 0):
            for name, calls in (("debian.img", 1), ("vmlinuz", 2), ("initrd.img", 2)):
                (self.folder / name).touch()
                self.assertEqual(self.make(str(self.folder)), (0, ""))
                self.assertEqual(make.call_count, calls)

    def test_without_root_it_is_3(self):
        with unittest.mock.patch.object(self.maker.os, "geteuid", lambda: 1):
            self.assertEqual(self.make(str(self.folder)),
                             (3, "mkdebian: debootstrap needs root.\n"))
        self.assertFalse(self.folder.exists())

    def test_a_failure_leaves_nothing_but_its_log(self):
        def fail(log, system, _):
            system.mkdir()
            self.maker.run(log, ["false"])

        with unittest.mock.patch.multiple(self.maker, make_system=fail, PROGRAMS={}), \
                unittest.mock.patch.object(self.maker.os, "geteuid", lambda: 0), \
                unittest.mock.patch.object(self.maker, "ISOLATED", []):
            status, told = self.make(str(self.folder))
        self.assertEqual(status, 3)
        self.assertIn(f"mkdebian: false failed: {self.folder}/debian.log\n", told)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["debian.log"])
        self.assertEqual((self.folder / "debian.log").read_text(), "== false\n")

    def test_the_cases_name_its_root_file_system(self):
        names = [name for name, _, _ in self.maker.PARTITIONS]
        cases = tdcase.load_file(ROOT / "boot-tests/debian.toml")
        self.assertEqual([case.name for case in cases], ["debian/lintel", "debian/ovmf"])
        self.assertIn(f"root=/dev/vda{names.index('root') + 1} ", cases[0].append)


class Mutations(unittest.TestCase):
    def test_each_breaks_one_place_of_the_tree_as_it_is(self):
        for mutation in mutate.load(ROOT / mutate.LIST):
            with self.subTest(mutation.name):
                text = (ROOT / mutation.file).read_text(encoding="utf-8")
                self.assertEqual(text.count(mutation.old), 1)


class PublicHeader(unittest.TestCase):
    """What payloads of others include compiles by itself, where they are."""
    HEADER = ROOT / "arch/lintel/handover.h"

    def compile(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "handover.h").write_bytes(self.HEADER.read_bytes())
            source = ('#include "handover.h"\nint f(const struct lintel_handover *h)'
                      "{ return h->magic != LINTEL_HANDOVER_MAGIC; }\n")
            subprocess.run(["clang", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffreestanding",
                            "-fsyntax-only", *options, "-"], check=True, input=source, text=True,
                           cwd=folder)

    def test_c(self):
        for standard in ("c99", "c11", "c2x"):
            self.compile("-x", "c", f"-std={standard}", "-Wno-missing-prototypes")

    def test_cxx(self):
        for standard in ("c++11", "c++20"):
            self.compile("-x", "c++", f"-std={standard}")


class Bench(unittest.TestCase):
    def test_options(self):
        self.assertEqual(bench.parse_arguments(["--vcpus", "1,16", "--aps", "2"]).vcpus, [1, 16])
        for words in (["--vcpus", "0"], ["--vcpus", "1,"], ["--aps", "1"], ["--aps", "65"], ["x"]):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
                bench.parse_arguments(words)
            self.assertEqual(ended.exception.code, 2, words)

    def test_costs_of_memory_are_read(self):
        output = ("cost a fault, the first: 4 SEAMCALLs, 0 kicks\n[ OK ] cost\n"
                  "cost of    16 MiB: mapped by 41 SEAMCALLs, zapped by 12, 3 kicks\n")
        self.assertEqual(bench.memory_costs(output),
                         ({"a fault, the first": [4, 0]}, {16: [41, 12, 3]}))

    def test_costs_are_read(self):
        output = "payload: bench vp-info 1000 715000\npayload: bench x 1\nbench y 1 2\n"
        self.assertEqual(bench.guest_costs(output), {"vp-info": 715})
        stats = {"cost": {"MEM.PAGE.AUG": [[2, 30], [1, 100]]}}
        self.assertEqual(bench.host_cost(stats, "MEM.PAGE.AUG", 0), 15)
        self.assertEqual(bench.host_cost(stats, "MEM.PAGE.AUG", 1), 100)

    def test_causes_of_calls(self):
        for call, cause in (
                ("function=IO r11=0x1e r12=0x1 r13=0x1 r14=0x3f8 r15=0x6c", "log: a character"),
                ("function=IO r11=0x1e r12=0x1 r13=0x0 r14=0x3f8 r15=0x0", "IN 0x3f8"),
                ("function=MapGPA r11=0x10001 r12=0x800000 r13=0x200000 r14=0x0", "MapGPA")):
            self.assertEqual(bench.cause_of(f"171661 0 tdvmcall {call} status=0x0"), cause)

    def test_of_the_turns_ratios_the_median_counts(self):
        mib = bench_cpu.MIB
        turns = [[bench_cpu.Weight(*weight, 7) for weight in turn] for turn in (
            ((9.0, 3 * mib), (3.0, mib)), ((4.0, 5 * mib), (4.0, mib)),
            ((5.0, 4 * mib), (2.0, 2 * mib - 1)))]
        self.assertEqual(bench_cpu.summary(turns),
                         {"ratio": 2.5, "td_seconds": 5.0, "vm_seconds": 3.0,
                          "td_mib": 5, "vm_mib": 1})

    def test_td_and_vm_boot_the_same(self):
        td = bench_cpu.td_command("b", "f.fd", 4, "4K")
        vm = bench_cpu.vm_command("b", 4)
        for option in ("kernel", "initrd", "append", "smp"):
            self.assertEqual(td[td.index("--" + option) + 1], vm[vm.index("-" + option) + 1])
        self.assertEqual(td[td.index("--page-size") + 1], "4K")
        self.assertEqual(td[td.index("--firmware") + 1], "f.fd")

    def test_a_firmware_has_part_in_its_turns(self):
        asked = []
        def weigh(command):
            asked.append(command[command.index("--firmware") + 1] if "--firmware" in command
                         else "vm")
            return len(asked)
        boots = ((2, "2M", {"lintel": 2, "ovmf": 1}),)
        with unittest.mock.patch.multiple(bench_cpu, weigh=weigh, BOOTS=boots):
            found = bench_cpu.measure("b", "o.fd")
        self.assertEqual(asked, ["vm", "b/lintel.fd", "o.fd", "vm", "b/lintel.fd"])
        self.assertEqual(found, {(2, "2M", "lintel"): [(2, 1), (5, 4)],
                                 (2, "2M", "ovmf"): [(3, 1)]})

    def test_cpu_time_of_children_counts_and_a_failure_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            found = bench_cpu.weigh(
                ["sh", "-c", "timeout 60 sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done';"
                             "echo init: MemTotal 5 kB; echo init: done; sleep 5; "
                             f"touch {folder}/later"])
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])
        self.assertGreater(found.seconds, 0.02)
        self.assertGreater(found.bytes, 100 << 10)
        self.assertEqual(found.mem_total, 5)
        for script in ("echo init: MemTotal 5 kB; echo not init: done; exit 3",
                       "echo init: MemTotal 5 kB", "echo init: done", "true"):
            with self.assertRaises(subprocess.CalledProcessError), \
                    contextlib.redirect_stderr(io.StringIO()):
                bench_cpu.weigh(["sh", "-c", script])

    def test_the_stop_kernels_call_is_not_the_firmwares(self):
        stats = {"tdcall": {"VP.INFO": 1, "VP.VMCALL": 6}, "tdvmcall": {"IO": 5, "CPUID": 1},
                 "ve": {}, "exits": [9, 4], "seamcall": {"MR.EXTEND": 3, "VP.ENTER": 4},
                 "accept": {"4K": 5, "2M": 1}, "accept_size_mismatch": 2}
        self.assertEqual(bench.boot_counts(stats),
                         {"extend": 3, "tdcall": 6, "tdvmcall": 5, "ve": 0, "accept": 8,
                          "vmexit": 12})

    def test_a_cell_has_median_and_range(self):
        self.assertEqual(bench_table.cell([1234, 1234]), "1,234")
        self.assertEqual(bench_table.cell([3, 1000, 2]), "3 (2 to 1,000)")
        self.assertEqual(bench_table.cell([4, 1]), "1 (1 to 4)")
        self.assertEqual(bench_table.cell([1.414, 1.4142], ".2f"), "1.41")

    def test_lintel_stands_beside_ovmf(self):
        def boot(extends, calls):
            return {"extend": extends, "tdcall": calls, "tdvmcall": 0, "ve": 0, "accept": 1,
                    "vmexit": 2}
        def turn(seconds, kib):
            return bench_cpu.Weight(seconds, 0, kib), bench_cpu.Weight(2.0, 0, 9)
        lintel = bench_table.column([boot(4, 7)], 1000, {4: [turn(3.0, 50)]})
        ovmf = bench_table.column([boot(8, 20), boot(8, 10)], 2000000, {4: [turn(5.0, 40)]})
        text = bench_table.markdown(["QEMU 7.2"], lintel, ovmf)
        self.assertRegex(text, r"\A\d{4}-\d\d-\d\d, QEMU 7\.2\.\n")
        rows = text[text.index("\n| | Lintel | OVMF |\n|---|---:|---:|\n"):].splitlines()[3:]
        self.assertEqual(rows[0], "| measured bytes | 1,024 | 2,048 |")
        self.assertIn("| TDCALLs | 7 | 10 (10 to 20) |", rows)
        self.assertIn("| instructions, the machine's included | 1,000 | 2,000,000 |", rows)
        self.assertRegex(rows[-2], r"^\| CPU time .* \| 1\.50 \| 2\.50 \|$")
        self.assertEqual(rows[-1], "| MemTotal, KiB, vCPUs: 4 | 50 | 40 |")
        self.assertEqual(len(rows), 10)

    def test_a_file_is_of_its_package(self):
        self.assertEqual(bench_table.package_of("/no/such.fd"), "/no/such.fd")
        self.assertRegex(bench_table.package_of("/usr/bin/dpkg"), r"^dpkg \d\S*$")


if __name__ == "__main__":
    unittest.main()
