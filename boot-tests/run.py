#!/usr/bin/python3
# Builds with both compilers and runs every test of the tree: one line each, one verdict.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Run every test: builds, checks, unit, fuzz and Python tests, and the cases of boot-tests/cases/.

With --only, what the wanted tests need is built before, whether its name matches or not.

Each test prints one line; the output of each is kept in BUILD/tests/. A test of a file that this
release of Debian has in a version that nothing is known of is skipped: each of them is named before
the last line, "N passed, N failed" or "N passed, N failed, N skipped". Exit status: 0 if at least
one test ran and none failed, 1 otherwise, 2 wrong usage.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(1, str(ROOT / "tools"))
import event_log  # noqa: E402
import fuzz_corpus  # noqa: E402
import hostile  # noqa: E402
import mutate  # noqa: E402
import tdcase  # noqa: E402
from tdcase import CaseError, Failure, Skip, judge, read_text, run_process  # noqa: E402

STOCK_SERIES = "6.12"
BACKPORTS_SERIES = "7.2"
SOURCE_FOLDERS = ("arch", "boot-tests", "linker", "loader", "shim", "tools")
FUZZ_SECONDS = 5
RANDOM_HOSTS = 200
# In BUILD/tests: how each test ended last.
VERDICTS = "verdicts.json"


# What clang before 18 says under a kernel whose vm.mmap_rnd_bits is larger than it knows.
NO_THREAD_SANITIZER = "FATAL: ThreadSanitizer: unexpected memory mapping"


# ---- boot cases ----------------------------------------------------------------------------------

PLAIN_MACHINES = ("pc", "q35")
# Values of a case's rtmr where all events are the shim's.
OUR_LOGS = ("lintel", "igvm", "silent")
# What a firmware boots of a removable disk. [UEFI 2.10 3.5.1.1]
APPLICATION = "EFI/BOOT/BOOTX64.EFI"


@dataclasses.dataclass
class Case(tdcase.Case):
    """One table of a file in boot-tests/cases/; see boot-tests/cases/README.md."""
    firmware: str = "{build}/lintel.fd"
    memory: str = "64M"
    timeout: int = 60

    command: list = None       # a command of the host instead of a boot
    machine: str = "tdx"       # or pc, q35: a plain VM
    image: list = None         # options of "lintel image": an image of the case's own
    second: list = None        # the same for a second TD beside the first
    kexec: bool = False        # the initrd is given kernel and initrd, to start them by kexec
    modules: list = None       # modules of the 6.12 kernel that the initrd is given
    fw_cfg_files: int = 0      # so many files more in QEMU's fw_cfg device
    mrtd: str = ""             # page or section: the machine's MRTD is what the host tool computes
    rtmr: str = ""             # lintel, igvm, edk2 or uefi, who wrote the event log that the output
                               # shows: it replays to the machine's RTMRs; silent: it shows none
    known_file: str = None     # a file of the release, and what its output must have by the file's
    known: dict = None         # SHA-256; skipped where the file is none of these

    # Payload and initramfs script say so when an expectation of theirs is broken.
    FORBIDDEN = ("FAIL", *tdcase.Case.FORBIDDEN)

    def named_files(self):
        return [*super().named_files(), *([self.known_file] if self.known_file else [])]


def load_cases(folder):
    """What they name is below ROOT."""
    cases = []
    for path in sorted(pathlib.Path(folder).glob("*.toml")):
        for case in tdcase.load_file(path, Case, ""):
            for pattern in (case.known or {}).values():
                tdcase.check_pattern(case.name, pattern)
            if (case.known_file is None) != (not case.known):
                raise CaseError(f"{case.name}: known_file and known belong together")
            if case.machine != "tdx" and case.machine not in PLAIN_MACHINES:
                raise CaseError(f"{case.name}: no machine '{case.machine}'")
            keys = [*case.settings, *(key for key in ("script", "disk") if getattr(case, key))]
            if keys and (case.machine != "tdx" or case.command is not None):
                raise CaseError(f"{case.name}: {', '.join(keys)} of no machine of ours")
            cases.append(case)
    return cases


def judge_rtmr(case, output, registers, files):
    def content(path):
        return None if path is None else (ROOT / path.format(**files)).read_bytes()

    volume = case.volume or {}
    kernel = content(case.kernel or volume.get("vmlinuz"))
    append = None if kernel is None or event_log.is_uki(kernel) else case.append
    try:
        event_log.judge(case.rtmr, output, registers, kernel,
                        content(case.initrd or volume.get("initrd")), append,
                        content(volume.get(APPLICATION)))
    except event_log.Wrong as wrong:
        raise Failure(f"event log: {wrong}") from wrong


def judge_prediction(case, lintel, image, folder, measured, files):
    """lintel rtmr and lintel attest-values must say of the files that host and firmware have what
    the machine has at the end. Under UEFI RTMR[0] is the firmware's own."""
    uefi = case.rtmr == "uefi"
    parts = case.volume if uefi else {"vmlinuz": case.kernel, "initrd": case.initrd}
    options = ["--uefi", case.volume[APPLICATION].format(**files)] if uefi else [
        "--host-files", folder / "host"]
    if parts.get("vmlinuz") is not None:
        options += ["--kernel", parts["vmlinuz"].format(**files)]
        options += ["--cmdline", case.append] if case.append else []
    if parts.get("initrd") is not None:
        options += ["--initrd", parts["initrd"].format(**files)]
    registers = measured["rtmr"][1 if uefi else 0:3]
    told = run_process([lintel, "rtmr", *options, *([] if uefi else [image])], folder / "rtmr", 60)
    predicted = re.findall(r"^rtmr\d ([0-9a-f]{96})$", told.output, re.MULTILINE)
    if told.status != 0 or predicted != registers:
        raise Failure(f"RTMRs: machine {registers}, lintel rtmr {predicted}")
    told = run_process([lintel, "attest-values", "--order", case.mrtd or "page", *options, image],
                       folder / "attest-values", 60)
    values = json.loads(told.output) if told.status == 0 else {}
    wanted = {"mrtd": measured["mrtd"], "rtmr": [None] * uefi + registers + [event_log.UNTOUCHED]}
    if {key: values.get(key) for key in wanted} != wanted:
        raise Failure(f"machine {wanted}, lintel attest-values {told.output}")


def qemu_options(case, folder):
    """Further options of QEMU."""
    if not case.fw_cfg_files:
        return []
    path = folder / "fw_cfg.cfg"
    path.write_text("".join(f'[fw_cfg]\n  name = "opt/test/{i}"\n  string = "x"\n'
                            for i in range(case.fw_cfg_files)))
    return ["-global", f"fw_cfg_io.x-file-slots={case.fw_cfg_files + 64}",
            "-readconfig", str(path)]


def plain_command(case, folder, files):
    """QEMU's own, for a VM that is no TD."""
    options = []
    volume = tdcase.make_volume(case, folder, files) if case.volume else None
    for name in ("kernel", "initrd"):
        if getattr(case, name) is not None:
            options += ["-" + name, case.place(getattr(case, name), files)]
    if case.append and (case.kernel is not None or volume is None):
        options += ["-append", case.append]
    # CMPXCHG16B is hidden: QEMU 7.2 translates it wrongly. One thread: with several, one CPU
    # may go on with code that another has patched (seen: an "Oops: int3" in
    # sched_clock_cpu()), as the code bytes are read before their page is watched.
    return ["qemu-system-x86_64", "-machine", case.machine, "-accel", "tcg,thread=single",
            "-cpu", "max,-cx16", "-smp", case.smp, "-m", case.memory, "-nodefaults",
            "-display", "none", "-no-reboot", "-serial", "stdio",
            "-bios", case.place(case.firmware, files), *options,
            *(tdcase.TDRUN.volume_options(volume) if volume else [])]


def boot_command(case, second, folder, files):
    more = qemu_options(case, folder)
    if case.machine in PLAIN_MACHINES:
        return [*plain_command(case, folder, files), *more]
    return tdcase.tdrun_command(case, folder, files, [
        "--machine-elf", files["build"] + "/machine.elf",
        *(["--second-firmware", second] if second else []),
        *(["--mrtd-order", case.mrtd] if case.mrtd else []),
        *(["--host-files", str(folder / "host")] if case.rtmr in OUR_LOGS else []),
        *(f"--qemu-arg={word}" for word in more)])


def make_image(lintel, path, options, files, log):
    options = [word.format(**files) for word in options]
    ended = run_process([lintel, "image", "--output", str(path), *options], log, 60)
    if ended.status != 0:
        raise Failure(f"lintel image: exit status {ended.status}")
    return str(path)


def make_initrd(case, folder, files):
    """The initrd of a case, and more behind it."""
    initrd = case.place(case.initrd, files)
    more = ["--kexec", case.place(case.kernel, files), initrd]
    if case.modules:
        more = ["--modules", initrd, *(f"{files['modules']}/{name}.ko.xz" for name in case.modules)]
    path = str(folder / "initrd")
    ended = run_process(["tools/mkinitramfs", path, *more], folder / "output", 60)
    if ended.status != 0:
        raise Failure(f"tools/mkinitramfs: exit status {ended.status}")
    return path


def with_known(case):
    """The case with the pattern that belongs to its file."""
    digest = hashlib.sha256(pathlib.Path(case.known_file).read_bytes()).hexdigest()
    if digest not in case.known:
        raise Skip(f"nothing is known of this {case.known_file}, SHA-256 {digest}")
    return dataclasses.replace(case, expect=[*case.expect, case.known[digest]])


def run_case(case, folder, files):
    tdcase.prepare(case, folder, files)
    log = folder / "output"
    if case.known_file is not None:
        case = with_known(case)
    if case.command is not None:
        command = [word.format(**files) for word in case.command]
        judge(case, run_process(command, log, case.timeout))
        return ""

    lintel = files["build"] + "/lintel"
    if case.image is not None:
        image = make_image(lintel, folder / "image.fd", case.image, files, log)
        case = dataclasses.replace(case, firmware=image)
    second = None
    if case.second is not None:
        second = make_image(lintel, folder / "second.fd", case.second, files, log)
    if case.kexec or case.modules:
        case = dataclasses.replace(case, initrd=make_initrd(case, folder, files))
    output, measured = tdcase.boot(case, folder, boot_command(case, second, folder, files))
    image = case.place(case.firmware, files)
    if case.mrtd:
        told = run_process([lintel, "mrtd", "--order", case.mrtd, image], folder / "mrtd", 60)
        if told.status != 0 or told.output.strip() != measured.get("mrtd"):
            raise Failure(f"MRTD: machine {measured.get('mrtd')}, lintel {told.output.strip()}")
    if case.rtmr not in ("", "silent"):
        judge_rtmr(case, output, measured.get("rtmr"), files)
    if case.rtmr in (*OUR_LOGS, "uefi"):
        judge_prediction(case, lintel, image, folder, measured, files)
    return ""


# ---- the other tests -----------------------------------------------------------------------------

def run_make(log, *words):
    ended = run_process(["make", "-j", str(os.cpu_count()), *words], log, 900)
    if ended.status != 0:
        raise Failure(f"make {' '.join(words)}: exit status {ended.status}")
    if re.search(r"\bwarning:", ended.output):
        raise Failure("the build has warnings")
    return ""


def run_checker(log, *command):
    ended = run_process(command, log, 60)
    if ended.status != 0:
        raise Failure(f"exit status {ended.status}")
    return ended.output.strip().rpartition("\n")[2]


def run_pytest(results, name, file, log):
    ended = run_process(["env", "COLUMNS=500", sys.executable, "-m", "pytest", "-v", "-p",
                         "no:cacheprovider", file], log, 600)
    count = len(re.findall(r"^\S+::.* PASSED ", ended.output, re.MULTILINE))
    skipped = re.findall(r"^\S+::(.*) SKIPPED \((.*)\) ", ended.output, re.MULTILINE)
    if ended.status != 0:
        raise Failure(f"exit status {ended.status}")
    if count == 0:
        raise Failure("no test in it")
    for test, reason in skipped:
        results.skip(f"{name}/{test}", reason)
    return f"{count} tests" + (f", {len(skipped)} skipped" if skipped else "")


def run_by_nobody(root, claimed):
    """Every file that has the name of a test, and that no list of tests has."""
    found = [path for pattern in ("*_test.c", "*_test.py", "*_fuzz.c")
             for folder in SOURCE_FOLDERS
             for path in root.glob(f"{folder}/**/{pattern}")]
    lost = sorted(str(path.relative_to(root)) for path in found if path not in claimed)
    if lost:
        raise Failure("run by nobody: " + ", ".join(lost))
    return f"{len(found)} files"


def no_test():
    raise Failure("no test of this kind")


def run_unit(results, name, program, log):
    ended = run_process([program], log, 300)
    count = len(re.findall(r"^\[       OK \]", ended.output, re.MULTILINE))
    reasons = dict(re.findall(r"^\[ RUN      \] (\w+)\nSKIP: (.*)\n\[  SKIPPED \] \1$",
                              ended.output, re.MULTILINE))
    if NO_THREAD_SANITIZER in ended.output:
        raise Skip("ThreadSanitizer of this clang cannot run under this kernel: vm.mmap_rnd_bits")
    # cmocka names each a second time, after the last test.
    skipped = sorted(set(re.findall(r"^\[  SKIPPED \] (\w+)$", ended.output, re.MULTILINE)))
    if ended.status != 0:
        raise Failure(f"exit status {ended.status}")
    if count == 0:
        raise Failure("no test in it")
    for test in skipped:
        if test not in reasons:
            raise Failure(f"{test} is skipped without a reason")
        results.skip(f"{name}/{test}", reasons[test])
    return f"{count} tests" + (f", {len(skipped)} skipped" if skipped else "")


def run_fuzzer(program, log, *corpora):
    """New inputs go to the first of the corpora."""
    ended = run_process([program, f"-max_total_time={FUZZ_SECONDS}", "-print_final_stats=1",
                         f"-artifact_prefix={log.parent}/", *corpora], log, FUZZ_SECONDS + 120)
    runs = re.search(r"number_of_executed_units: (\d+)", ended.output)
    if ended.status != 0:
        raise Failure(f"exit status {ended.status}")
    if runs is None or int(runs[1]) == 0:
        raise Failure("nothing has been run")
    return f"{int(runs[1]):,} inputs"


# ---- all of them ---------------------------------------------------------------------------------

def load_verdicts(folder):
    """The last verdict of each test whose output was ever kept there, by its name."""
    path = folder / VERDICTS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


class Results(tdcase.Results):
    """Of the wanted tests alone, below a folder."""

    def __init__(self, folder, only):
        super().__init__()
        self.folder = folder
        self.only = only

    def wanted(self, name):
        return self.only is None or self.only.search(name) is not None

    def wanted_case(self, case):
        return any(self.wanted(name) for name in case.runs())

    def log(self, name):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def end(self):
        verdicts = {result.name: result.verdict for result in self.results}
        verdicts = json.dumps({**load_verdicts(self.folder), **verdicts}, indent=0, sort_keys=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / VERDICTS).write_text(verdicts, encoding="utf-8")
        for line in self.skipped:
            print(line)
        passed, failed = self.count("PASS"), self.failures()
        print(f"{passed} passed, {failed} failed"
              + (f", {len(self.skipped)} skipped" if self.skipped else ""))
        return 0 if passed > 0 and failed == 0 else 1


def host_tests(results, programs, runner, folder):
    """(name, test, log) of each program of a kind."""
    for program in programs:
        name = f"{folder}/{program.name}"
        log = results.log(name)
        if results.wanted(name):
            yield name, lambda n=name, p=program, l=log: runner(n, p, l), log


def boot_tests(results, cases, files):
    for case in cases:
        for name in case.runs():
            folder = results.log(name)
            if results.wanted(name):
                yield case.alone, (name, lambda c=case, f=folder: run_case(c, f, files),
                                   folder / "output")


def hostile_tests(results, build):
    """Of each boot (name, test, log); the test runs the wanted cases that boot so, each a test."""
    boots, cases = hostile.load(ROOT / hostile.LIST)
    for boot in boots:
        ours = [case for case in cases
                if case.boot == boot and results.wanted(f"hostile/{case.name}")]
        log = results.log(f"hostile/boot-{boot}/output")

        def test(boot=boot, ours=ours, folder=log.parent):
            lives = hostile.run_lives(boots[boot], ours, folder, build)
            for case in ours:
                output = results.log(f"hostile/{case.name}")
                output.write_text(lives[case.name].output, encoding="utf-8")
                results.run(f"hostile/{case.name}",
                            lambda c=case: no_fault(hostile.fault(c, boots[boot], lives[c.name])),
                            output)
            return f"{len(ours)} lives"
        if ours:
            yield f"hostile/boot-{boot}", test, log
    if results.wanted("hostile/random"):
        log = results.log("hostile/random")
        yield ("hostile/random", lambda: random_hosts(boots["random"], log, build), log)


def random_hosts(boot, log, build):
    """A few of those that boot-tests/hostile.py --random makes."""
    found = list(hostile.fuzz(boot, "1", 0, RANDOM_HOSTS, log.parent / "boot-random", build))
    log.write_text("".join(f"{name}: {what}\n{script}\n" for name, what, script in found),
                   encoding="utf-8")
    if found:
        raise Failure(f"{len(found)} of {RANDOM_HOSTS} random hosts end otherwise")
    return f"{RANDOM_HOSTS} hosts"


def breakage_sample(results, build):
    """(name, test, log) of a few of those that make mutate tries, each killed by a unit test."""
    if results.wanted("mutate/sample"):
        log = results.log("mutate/sample")
        yield "mutate/sample", lambda: break_sample(build, log), log


def break_sample(build, log):
    lines = []
    tree = mutate.Tree(pathlib.Path(build).resolve() / "mutate" / "sample", pathlib.Path(build))
    try:
        verdicts = mutate.kill_all(mutate.sample(), tree, lines.append)
    except mutate.Failure as failure:
        raise Failure(str(failure)) from failure
    finally:
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if set(verdicts) != {"KILLED"}:
        raise Failure(f"{verdicts.count('SURVIVED')} of {len(verdicts)} breakages survive")
    return f"{len(verdicts)} breakages"


def no_fault(fault):
    if fault is not None:
        raise Failure(fault)
    return ""


def named(source, folder):
    return [folder / path.stem for path in sorted(source)]


def download_steps(build):
    """(the name of what it gets in a case, name, command)."""
    return [
        ("stock", "build/kernel", ["tools/get-debian", STOCK_SERIES, f"{build}/kernel"]),
        ("backports", "build/kernel-backports",
         ["tools/get-debian", BACKPORTS_SERIES, f"{build}/kernel"]),
        *((what.replace("-", ""), f"build/{what}", ["tools/get-debian", what, f"{build}/firmware"])
          for what in ("ovmf-13", "stub", "ukify")),
    ]


def run_steps(results, steps):
    """(name, test, words) each, in this order; True if none failed."""
    failed = results.failures()
    for name, step, words in steps:
        log = results.log(name)
        results.run(name, lambda: step(log, *words), log)
    return results.failures() == failed


def build_all(results, build):
    steps = [
        ("build/clang", run_make, [f"B={build}", "CC=clang", "test-programs", "fuzz-programs"]),
        ("build/gcc", run_make, [f"B={build}/gcc", "CC=gcc", "test-objects"]),
        *((name, run_checker, command) for _, name, command in download_steps(build)),
        ("check/debug-clang", run_make, [f"B={build}", "CC=clang", "check-debug"]),
        ("check/debug-gcc", run_make, [f"B={build}/gcc", "CC=gcc", "check-debug"]),
        ("check/layers", run_checker, ["tools/check-layers.py"]),
        ("check/style", run_checker, ["tools/check-style.py"]),
        ("check/format", run_checker, ["tools/check-format"]),
        ("check/docs", run_checker, ["tools/check-docs.py"]),
        ("check/requirements", run_checker, ["boot-tests/requirements.py", "--check"]),
    ]
    run_steps(results, [step for step in steps if results.wanted(step[0])])


def needs_of(case, downloads):
    """Those downloads that a case names; a program of this folder may want any of them."""
    if case.command is not None and case.command[0].startswith("boot-tests/"):
        return set(downloads)
    return {what for what in downloads if "{" + what + "}" in repr(case)}


def build_wanted(results, build, programs, pythons, cases, hostile_boots=()):
    """Builds what these tests need; False if it cannot: they would be those of stale binaries."""
    goals = [str(program) for program in programs]
    if pythons or cases or hostile_boots:
        goals.append("boot-programs")
    steps = download_steps(build)
    downloads = [what for what, _, _ in steps]
    needs = set().union(*(needs_of(case, downloads) for case in cases))
    # A case whose download fails says so itself.
    run_steps(results, [(name, run_checker, command) for what, name, command in steps
                        if what in needs and not results.wanted(name)])
    return not goals or run_steps(results, [
        ("build/wanted", run_make, [f"B={build}", "CC=clang", *goals])])


def parse_arguments():
    parser = argparse.ArgumentParser(prog="boot-tests/run.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--only", metavar="REGEX", type=tdcase.pattern,
                        help="only tests whose name matches, and what they need")
    parser.add_argument("--jobs", type=int, default=2, help="tests at a time (2)")
    parser.add_argument("--list", action="store_true", help="names of the boot cases, then end")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.chdir(ROOT)
    cases = load_cases("boot-tests/cases")
    if arguments.list:
        print("".join(f"{case.name}\n" for case in cases), end="")
        return 0
    build = arguments.build
    files = {
        "build": build,
        "payload": f"{build}/payload.bin",
        "stock": f"{build}/kernel/vmlinuz-{STOCK_SERIES}",
        "modules": f"{build}/kernel/modules-{STOCK_SERIES}",
        "backports": f"{build}/kernel/vmlinuz-{BACKPORTS_SERIES}",
        "initramfs": f"{build}/initramfs.cpio.gz",
        "ovmf13": f"{build}/firmware/ovmf-13.fd",
    }
    results = Results(pathlib.Path(build).resolve() / "tests", arguments.only)
    build_all(results, build)

    here = pathlib.Path("boot-tests")
    unit_files, fuzz_files = set(here.glob("unit/**/*_test.c")), set(here.glob("fuzz/*_fuzz.c"))
    units = named(unit_files, pathlib.Path(build, "unit"))
    fuzzers = named(fuzz_files, pathlib.Path(build, "fuzzers"))
    # A Python test that is the command of a case is run as that.
    commands = {pathlib.Path(case.command[0]) for case in cases if case.command is not None}
    pythons = sorted(set(here.glob("*_test.py")) - commands)
    waiting = list(host_tests(results, pythons, lambda *words: run_pytest(results, *words),
                              "python"))
    tests = list(host_tests(results, units, lambda *words: run_unit(results, *words), "unit"))
    tests += host_tests(results, fuzzers,
                        lambda _, program, log: run_fuzzer(
                            program, log, *fuzz_corpus.folders(program.name, build)), "fuzz")
    boots = list(boot_tests(results, cases, files))
    hostile_boots = list(hostile_tests(results, build))
    breakages = list(breakage_sample(results, build))
    broken = {mutation.test for mutation in mutate.sample()} if breakages else set()
    if arguments.only is not None and not build_wanted(
            results, build,
            [path for kind, programs in (("unit", units), ("fuzz", fuzzers)) for path in programs
             if results.wanted(f"{kind}/{path.name}") or f"{kind}/{path.name}" in broken],
            [path for path in pythons if results.wanted(f"python/{path.name}")],
            [case for case in cases if results.wanted_case(case)], hostile_boots):
        return results.end()
    for kind, found in (("unit", units), ("fuzz", fuzzers), ("python", pythons), ("cases", cases)):
        if not found:
            results.run(kind, no_test, results.log(f"{kind}/none"))
    claimed = unit_files | fuzz_files | set(pythons) | commands
    if results.wanted("check/tests"):
        results.run("check/tests", lambda: run_by_nobody(pathlib.Path("."), claimed),
                    results.log("check/tests"))
    tests += hostile_boots + breakages
    results.run_all(tests + [test for alone, test in boots if not alone], arguments.jobs, waiting)
    results.run_all([test for alone, test in boots if alone], 1)
    return results.end()


if __name__ == "__main__":
    sys.exit(main())
