#!/usr/bin/python3
# Breaks the code in one place at a time and shows that a test notices.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Apply each breakage of boot-tests/mutations.toml to a scratch copy of the tree and run the test
that must notice it. A breakage is killed when the copy builds and the test fails.

With --random, breakages of loader/ and shim/ that boot-tests/mutants.py makes by chance, by seed
and number: the unit tests that have the code, then a list of boots that "make test" has, until one
fails. What does not compile, and what compiles to the same code, does not count.

One line each; the last one is "N killed, N survived". Exit status: 0 if all were killed, 1
otherwise, 2 wrong usage.
"""

import argparse
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(1, str(ROOT / "tools"))
import mutants  # noqa: E402
import tdcase  # noqa: E402

LIST = "boot-tests/mutations.toml"
BUILD_SECONDS = 900
TEST_SECONDS = 900
# A unit test that takes so much longer than on good code hangs, or so long where that is not known.
SLOWER, SLOWER_SECONDS = 10, 30
UNIT_SECONDS = 300
SLOWER_BOOT = 4
# A test that loops may also write.
OUTPUT_MAX = 200 << 20
SAMPLE = 20
# Of a build directory, what make makes nothing from: results, other copies, disks, other releases.
NOT_COPIED = re.compile(r"tests|mutate|corpus|gcc|debian|foreign|try-.*")


class Failure(Exception):
    """Why a breakage counts as not killed, in one line."""


class NoMutant(Exception):
    """Why a breakage by chance does not count."""


@dataclasses.dataclass
class Mutation:
    name: str
    file: str   # from the root of the tree
    old: str    # occurs exactly once in it
    new: str
    test: str   # unit/NAME, fuzz/NAME, python/FILE or the name of a boot case


def load(path):
    mutations = []
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
        mutations.append(Mutation(table["name"], table["file"], table["from"], table["to"],
                                  table["test"]))
    names = [mutation.name for mutation in mutations]
    for name in names:
        if names.count(name) != 1:
            raise ValueError(f"{path}: '{name}' is there {names.count(name)} times")
    return mutations


def sample():
    """Some of the list, from all over it, that a unit test kills: always the same of a list."""
    ours = [mutation for mutation in load(ROOT / LIST) if mutation.test.startswith("unit/") and
            mutation.file.startswith(("loader/", "shim/"))]
    return [ours[n * len(ours) // SAMPLE] for n in range(SAMPLE)]


def source_files(root):
    """Names of all files below a tree but those that are made."""
    tops = [top for top in root.glob("*") if top.name not in ("build", ".git")]
    return {path.relative_to(root) for top in tops for path in [top, *top.rglob("*")]
            if path.is_file()}


class Tree:
    """A scratch copy of the tree, as it is now."""

    def __init__(self, root, build=ROOT / "build"):
        self.root = root
        self.logs = root / "build" / "mutate-logs"
        self.seconds = {}  # of each test on good code
        self.good = {}     # {source: hash of its objects}
        new = not root.exists()
        self.copy_sources(shutil.copy2 if new else shutil.copyfile)
        if new and build.is_dir():
            self.copy_build(build)
        self.logs.mkdir(parents=True, exist_ok=True)

    def copy_sources(self, copy):
        """What is not copied keeps its time stamp."""
        names = source_files(ROOT)
        for name in source_files(self.root) - names:
            (self.root / name).unlink()
        for name in names:
            source, target = ROOT / name, self.root / name
            if target.is_file() and target.read_bytes() == source.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            copy(source, target)
            shutil.copymode(source, target)

    def copy_build(self, build):
        """With time stamps: what is up to date there is so here. Not what the tests left."""
        for path in build.iterdir():
            if NOT_COPIED.fullmatch(path.name):
                continue
            if path.is_dir():
                shutil.copytree(path, self.root / "build" / path.name, symlinks=True)
            else:
                (self.root / "build").mkdir(exist_ok=True)
                shutil.copy2(path, self.root / "build")

    def run(self, command, log, seconds):
        """Of its own: how it ended, or None when it did not end."""
        try:
            return tdcase.run_process(["env", "-C", self.root, *command], self.logs / log, seconds)
        except tdcase.Timeout:
            return None

    def make(self, log, *goals):
        ended = self.run(["make", "-s", f"-j{os.cpu_count()}", *goals], log, BUILD_SECONDS)
        if ended is None or ended.status != 0:
            raise Failure(f"it does not build: {self.logs / log}")

    def passes(self, test, log):
        """Builds the test before."""
        kind, _, name = test.partition("/")
        if kind == "unit":
            self.make(log, f"build/unit/{name}")
            seconds = UNIT_SECONDS
            if test in self.seconds:
                seconds = self.seconds[test] * SLOWER + SLOWER_SECONDS
            ended = self.run(["prlimit", f"--fsize={OUTPUT_MAX}", f"build/unit/{name}"], log,
                             seconds)
            return ended is not None and ended.status == 0
        return self.first_failure(f"^{re.escape(test)}(#|$)", log) is None

    def first_failure(self, only, log):
        """The first test that fails of those that match, or None. One that is not through in time
        fails where on good code it took a small part of that."""
        ended = self.run(["boot-tests/run.py", "--build", "build", "--only", only], log,
                         TEST_SECONDS)
        text = (self.logs / log).read_text(encoding="utf-8", errors="replace")
        if ended is None or re.search(r"^\d+ passed, \d+ failed", text, re.MULTILINE) is None:
            raise Failure(f"boot-tests/run.py does not end: {self.logs / log}")
        lines = re.findall(r"^([A-Z]+)\s+([\d.]+) s  (\S+)", text, re.MULTILINE)
        for verdict, seconds, name in lines:
            if verdict == "PASS":
                self.seconds.setdefault(name, float(seconds))
            if verdict == "TIMEOUT" and float(seconds) < SLOWER_BOOT * self.seconds.get(name, 0):
                raise Failure(f"{name} is slow: {self.logs / log}")
        failed = [name for verdict, _, name in lines if verdict in ("FAIL", "TIMEOUT")]
        if any(name.startswith("build/") for name in failed):
            raise Failure(f"it does not build: {self.logs / log}")
        if ended.status != 0 and not failed:
            raise Failure(f"no test {only}: {self.logs / log}")
        return failed[0] if failed else None

    def check_good(self, test):
        """A test that fails on good code shows nothing."""
        if test in self.seconds:
            return
        log = f"good-{test.replace('/', '-')}"
        if test.startswith("unit/"):
            self.make(log, f"build/{test}")
        start = time.monotonic()
        if not self.passes(test, log):
            raise Failure(f"{test} fails without any breakage: {self.logs / log}")
        self.seconds[test] = time.monotonic() - start

    def check_good_boots(self, only):
        if only in self.seconds:
            return
        log = f"good-boots-{hashlib.sha256(only.encode()).hexdigest()[:8]}"
        failed = self.first_failure(only, log)
        if failed is not None:
            raise Failure(f"{failed} fails without any breakage: {self.logs / log}")
        self.seconds[only] = 0


class Broken:
    """A file of the copy has another text for so long."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.good = path.read_text(encoding="utf-8")

    def __enter__(self):
        self.path.write_text(self.text, encoding="utf-8")

    def __exit__(self, *_):
        self.path.write_text(self.good, encoding="utf-8")


def kill(mutation, tree, log):
    """The test that fails."""
    good = (tree.root / mutation.file).read_text(encoding="utf-8")
    if good.count(mutation.old) != 1:
        raise Failure(f"'{mutation.old}' is {good.count(mutation.old)} times in {mutation.file}")
    with Broken(tree.root / mutation.file, good.replace(mutation.old, mutation.new)):
        if tree.passes(mutation.test, log):
            raise Failure(f"{mutation.test} passes")
    return mutation.test


# ---- by chance -----------------------------------------------------------------------------------

# Of an object, as programs have it.
VARIANTS = ("shim", "uefi", "asm")
# Boots that "make test" has, the short ones first.
SHIM_BOOTS = (
    "^payload/(hello|aps)$",
    "^(payload/(page-tables|unaccepted|access-first|nothing-shared|shim-ve|aps-strict|embedded|igvm"
    "|pinned|uki|paravisor|shim-exception|shim-double-fault|sept-ve-enabled|no-memory|no-kernel"
    "|max-vcpus|interrupts|gpaw-52)|measure/(payload|initrd)|plain/payload-.*"
    "|ap/(example|rounds|rounds-strict|vectors|vector-4g|strict-store-table|mailbox-commands)"
    "|tools/(mrtd|dump).*)$",
    "^hostile/(?!random)",
    "^stock/cpus-1$",
)
UEFI_BOOTS = ("^uefi/",)


def sources():
    """{name: text} of what is broken by chance."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
            for folder in ("loader", "shim") for ending in ("c", "nasm")
            for path in (ROOT / folder).rglob(f"*.{ending}")}


def objects_of(tree, file):
    """Those that a program has. Some programs share one of all the folder."""
    names = [f"build/{variant}/{file}.o" for variant in VARIANTS]
    names.append(f"build/pie/{pathlib.PurePath(file).parent}.o")
    return [name for name in names if (tree.root / name).exists()]


def code_of(tree, objects):
    """A hash of the objects without what a debugger has."""
    total = hashlib.sha256()
    for name in objects:
        subprocess.run(["objcopy", "-g", name, "build/mutate.o"], cwd=tree.root, check=True)
        total.update((tree.root / "build/mutate.o").read_bytes())
    return total.digest()


def unit_tests_of(tree, file):
    """The unit tests that have this source in what they run: that of its name first, then those
    that have few sources."""
    found = {}
    for path in (tree.root / "build" / "unit").glob("*.d"):
        text = path.read_text(encoding="utf-8")
        if f"build/test/{file}.o)" in text:
            found[path.stem] = len(text)
    if (tree.root / "build" / "whole" / f"{file}.o").exists():
        found["shim_test"] = 0
    # These read the programs.
    if file.endswith(".nasm"):
        found |= {"ap_code_test": 0, "exception_code_test": 0, "uefi_ap_piece_test": 0}
    if f"build/test/{file}.o)" in (tree.root / "build/test/lintel.d").read_text(encoding="utf-8"):
        found["lintel_cli_test"] = sys.maxsize
    found[f"{pathlib.Path(file).stem}_test"] = -1
    return [f"unit/{name}" for name in sorted(found, key=lambda name: (found[name], name))
            if (tree.root / "build" / "unit" / name).exists()]


def kill_by_chance(mutant, tree, log):
    """The test that fails."""
    objects = objects_of(tree, mutant.file)
    tests = unit_tests_of(tree, mutant.file)
    if mutant.file not in tree.good:
        tree.make(log, *objects)
        tree.good[mutant.file] = code_of(tree, objects)

    def broken():
        return Broken(tree.root / mutant.file, mutant.broken())

    with broken():
        try:
            tree.make(log, *objects)
        except Failure as failure:
            raise NoMutant("does not compile") from failure
        if code_of(tree, objects) == tree.good[mutant.file]:
            raise NoMutant("the same code")
    for test in tests:
        tree.check_good(test)
        with broken():
            if not tree.passes(test, log):
                return test
    for boot in UEFI_BOOTS if mutant.file.startswith("loader/uefi/") else SHIM_BOOTS:
        tree.check_good_boots(boot)
        with broken():
            failed = tree.first_failure(boot, log)
        if failed is not None:
            return failed
    raise Failure("no test fails")


# ---- all of them ---------------------------------------------------------------------------------

def attempt(name, action, tell):
    """Tells the line; the verdict."""
    start = time.monotonic()
    try:
        verdict, note = "KILLED", action()
    except Failure as failure:
        verdict, note = "SURVIVED", failure
    except NoMutant as why:
        verdict, note = "NO", why
    tell(f"{verdict:<8} {time.monotonic() - start:6.1f} s  {name}  ({note})")
    return verdict


def kill_all(mutations, tree, tell):
    """The verdicts. Their tests are known to pass on good code."""
    return [attempt(mutation.name, lambda m=mutation, n=number: kill(m, tree, str(n)), tell)
            for number, mutation in enumerate(mutations)]


def kill_random(seed, first, count, tree, tell):
    """The verdicts."""
    tree.make("good", "test-programs")
    chosen = mutants.by_chance(sources(), seed, first, count)
    return [attempt(f"{seed}-{number} {mutant}",
                    lambda m=mutant, n=number: kill_by_chance(m, tree, f"{seed}-{n}"), tell)
            for number, mutant in enumerate(chosen, first)]


def parse_arguments():
    parser = argparse.ArgumentParser(prog="boot-tests/mutate.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="REGEX", type=tdcase.pattern, default="",
                        help="only breakages whose name or test matches")
    parser.add_argument("--random", metavar="N", type=int,
                        help="N breakages by chance instead of those of the list")
    parser.add_argument("--first", metavar="K", type=int, default=0,
                        help="the number of the first of them (0)")
    parser.add_argument("--seed", metavar="S", default="1", help="their seed (1)")
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build/mutate/tree",
                        help="where the copy of the tree is kept (build/mutate/tree)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    tree = Tree(arguments.scratch.resolve())

    def tell(line):
        print(line, flush=True)

    try:
        if arguments.random is not None:
            verdicts = kill_random(arguments.seed, arguments.first, arguments.random, tree,
                                   tell)
        else:
            mutations = [mutation for mutation in load(ROOT / LIST)
                         if re.search(arguments.only, mutation.name) or
                         re.search(arguments.only, mutation.test)]
            for test in sorted({mutation.test for mutation in mutations}):
                tree.check_good(test)
            verdicts = kill_all(mutations, tree, tell)
    except Failure as failure:
        sys.exit(f"mutate: {failure}")
    finally:
        tdcase.PROCESSES.end_all()
    if "NO" in verdicts:
        print(f"{verdicts.count('NO')} do not compile, or to the same code")
    killed, survived = verdicts.count("KILLED"), verdicts.count("SURVIVED")
    print(f"{killed} killed, {survived} survived")
    return 0 if killed > 0 and survived == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
