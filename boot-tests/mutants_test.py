# Tests of boot-tests/mutants.py, and of the verdicts of boot-tests/mutate.py.
# SPDX-License-Identifier: BSD-2-Clause-Patent
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[1:1] = [str(ROOT / "boot-tests"), str(ROOT / "tools")]
import mutants  # noqa: E402
import mutate  # noqa: E402
import tdcase  # noqa: E402


def broken_c(text):
    """{(what was there, all that it may become)}: new lines as spaces."""
    return {(" ".join(old.split()), tuple(way.strip() for way in new))
            for _, old, new in mutants.changes_of_c(text)}


class OfC(unittest.TestCase):
    def test_operators(self):
        self.assertEqual(broken_c("int f(int a)\n{\n\treturn a < b && !c;\n}\n"),
                         {("<", ("<=",)), ("&&", ("||",)), ("!", ("",))})
        self.assertEqual(broken_c("x = &a[i++] - *b"), {("++", ("--",)), ("-", ("+",))})

    def test_a_pointer_is_no_product(self):
        self.assertEqual(broken_c("static char *name(const struct a *p);"), set())

    def test_numbers(self):
        self.assertEqual(broken_c("int a = 0; int b = 0x10u;"),
                         {("0", ("1",)), ("0x10u", ("0x11u", "0xfu"))})

    def test_constants(self):
        self.assertEqual(broken_c("int a = ONE | TWO;"),
                         {("ONE", ("(ONE + 1)",)), ("|", ("&",)), ("| TWO", ("",))})
        self.assertEqual(broken_c("int a = CALL(NULL);"), set())

    def test_rights_of_pages(self):
        self.assertEqual(broken_c("int a = PT_RX;"), {("PT_RX", ("PT_RW",))})

    def test_conditions(self):
        self.assertEqual(broken_c("int f(void)\n{\n\tif (a(b)) {\n\t}\n\twhile (c) {\n\t}\n}"),
                         {("(a(b))", ("(!(a(b)))",)), ("(c)", ("(!(c))",))})

    def test_statements(self):
        body = ("int a = b;\nstruct c *d = e;\nf(g,\n  h);\ni = j;\nk[l] = m;\n*n = o;\n"
                "p->q = r;\nbreak;\nreturn s;\ngoto t;\n")
        self.assertEqual({old for old, new in broken_c("int z(void)\n{\n" + body + "}\n")
                          if new == ("",)},
                         {"f(g, h)", "i = j", "k[l] = m", "*n = o", "p->q = r", "break"})

    def test_lines_stay_where_they_are(self):
        text = "int z(void)\n{\n\tf(g,\n\t  h);\n}\n"
        mutant, = mutants.by_chance({"z.c": text}, "1", 0, 2)
        self.assertEqual(mutant.broken().count("\n"), text.count("\n"))
        self.assertEqual(str(mutant), "z.c:3: f(g, h) -> nothing")

    def test_what_is_left_alone(self):
        self.assertEqual(broken_c('#include "a + b"\n// a + 1\n/* 1 +\n1 */\n'
                                  'const char *a = "1 + 1";'
                                  "\n#if A == 1 && \\\n  B\n#endif\n_Static_assert(A == 1, \"\");\n"
                                  "int f(void)\n{\n\tCHECK(a < 1 && (b || c));\n}\n"), set())

    def test_macros_are_code(self):
        self.assertEqual(broken_c("#define TWO(x) (x + 1)\n#define ONE 1\n"),
                         {("+", ("-",)), ("1", ("2", "0"))})


class OfNasm(unittest.TestCase):
    def test_instructions(self):
        text = "; mov\tup, 1\nhere:\n\tmov\teax, A | B\t; 5\n\tjz\there\n\tdb\t1\n\tadd\tcl, 2\n"
        self.assertEqual([(old, new) for _, old, new in mutants.changes_of_nasm(text)], [
            ("\tmov\teax, A | B\t", [""]), (" | B", [""]), ("\tjz\there", [""]), ("jz", ["jnz"]),
            ("\tadd\tcl, 2", [""]), ("2", ["3", "1"])])


class ByChance(unittest.TestCase):
    def test_of_the_tree(self):
        files = mutate.sources()
        changes = mutants.all_changes(files)
        self.assertGreater(len(changes), 5000)
        for name, at, old, ways in changes:
            self.assertEqual(files[name][at:at + len(old)], old)
            for new in ways:
                self.assertNotEqual(old, new)
                self.assertEqual(old.count("\n"), new.count("\n"))

    def test_a_seed_makes_the_same_again(self):
        files = {"a.c": "int a = 1 + 2 + 3 + 4 + 5;", "b.c": "int b = 6 - 7 - 8;"}
        first = mutants.by_chance(files, "1", 0, 10)
        self.assertEqual(len({(mutant.file, mutant.at) for mutant in first}), 10)
        self.assertEqual(mutants.by_chance(files, "1", 3, 4), first[3:7])
        self.assertNotEqual(mutants.by_chance(files, "2", 0, 10), first)


class OfABuild(unittest.TestCase):
    def test_releases_and_disks_are_not_copied(self):
        """A release has devices: who copies one like a file reads without end."""
        copied = ("pie/a.o", "kernel/vmlinuz", "lintel.fd")
        left = ("try-sid/dev/full", "try-sid.log", "debian/debian.img", "foreign/x.cpio",
                "tests/log", "mutate/tree/a")
        with tempfile.TemporaryDirectory() as folder:
            build, root = pathlib.Path(folder, "build"), pathlib.Path(folder, "copy")
            root.mkdir()
            for name in copied + left:
                (build / name).parent.mkdir(parents=True, exist_ok=True)
                (build / name).touch()
            StubTree(root).copy_build(build)
            self.assertEqual([name for name in copied + left if (root / "build" / name).exists()],
                             list(copied))


class StubTree(mutate.Tree):
    """Builds and runs nothing: tells what it was told."""

    def __init__(self, root, code=("good", "other"), failing=(), hanging=False, builds=True,
                 slow=None):
        self.root, self.logs = root, root
        self.seconds, self.good = {}, {}
        self.code = list(code)
        self.failing, self.hanging, self.builds = failing, hanging, builds
        self.slow = slow or {}
        self.made = 0
        (root / "a.c").write_text("int a = 1;")
        for name in ("build/shim/a.c.o", "build/whole/a.c.o", "build/test/lintel.d",
                     "build/unit/a_test.d", "build/unit/b_test.d", "build/unit/a_test",
                     "build/unit/b_test", "build/unit/shim_test"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("$(call taken,build/test/a.c.o)")

    def check_good(self, test):
        self.seconds[test] = 1

    def check_good_boots(self, only):
        self.seconds["ap/slow"] = 20

    def make(self, log, *goals):
        self.made += 1
        if self.made > 1:
            assert (self.root / "a.c").read_text() == "int a = 2;"
            if not self.builds:
                raise mutate.Failure("it does not build")

    def run(self, command, log, seconds):
        if self.hanging:
            return None
        if command[0] == "prlimit":
            return tdcase.Ended(1 if command[-1] in self.failing else 0, "", False)
        names = [name for name in self.failing if re.match(f"build/wanted|{command[-1][1:]}", name)]
        names += self.slow
        (self.root / log).write_text("".join(
            f"TIMEOUT {self.slow[name]:6.1f} s  {name}\n" if name in self.slow else
            f"FAIL       1.0 s  {name}\n" for name in names) + f"1 passed, {len(names)} failed\n")
        return tdcase.Ended(1 if names else 0, "", False)


class Verdicts(unittest.TestCase):
    MUTANT = mutants.Mutant("a.c", "int a = 1;", 8, "1", "2")

    def judge(self, **stub):
        with tempfile.TemporaryDirectory() as folder:
            tree = StubTree(pathlib.Path(folder), **stub)
            code_of, mutate.code_of = mutate.code_of, lambda tree, _: tree.code.pop(0)
            try:
                return mutate.kill_by_chance(self.MUTANT, tree, "log")
            finally:
                mutate.code_of = code_of
                self.assertEqual((tree.root / "a.c").read_text(), "int a = 1;")

    def test_a_failing_test_kills(self):
        self.assertEqual(self.judge(failing=["build/unit/b_test"]), "unit/b_test")
        self.assertEqual(self.judge(failing=["hostile/x"]), "hostile/x")

    def test_that_of_its_name_is_first(self):
        self.assertEqual(self.judge(failing=["build/unit/b_test", "build/unit/a_test"]),
                         "unit/a_test")

    def test_a_unit_test_that_hangs_kills(self):
        self.assertEqual(self.judge(hanging=True), "unit/a_test")

    def test_a_boot_that_is_slow_does_not_kill(self):
        self.assertEqual(self.judge(slow={"ap/slow": 80.0}), "ap/slow")
        with self.assertRaisesRegex(mutate.Failure, "ap/slow is slow"):
            self.judge(slow={"ap/slow": 79.9})

    def test_nobody_notices(self):
        with self.assertRaisesRegex(mutate.Failure, "no test fails"):
            self.judge()

    def test_a_build_that_fails_is_no_kill(self):
        with self.assertRaisesRegex(mutate.NoMutant, "does not compile"):
            self.judge(builds=False)
        with self.assertRaisesRegex(mutate.Failure, "does not build"):
            self.judge(failing=["build/wanted"])

    def test_the_same_code_is_no_mutant(self):
        with self.assertRaisesRegex(mutate.NoMutant, "the same code"):
            self.judge(code=("good", "good"))


if __name__ == "__main__":
    unittest.main()
