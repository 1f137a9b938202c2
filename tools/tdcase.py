# What a boot case is: its keys, how it is run by tdrun, how it must end; and the running of many.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Used by tools/tdtest and by boot-tests/run.py, which adds keys of its own.

tdrun and its tables must lie beside this file, as in tools/ and in an installed lib/lintel."""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
# tdrun and QEMU are given this much longer than the case before they are killed from outside.
GRACE_SECONDS = 20
TIMEOUT_STATUS = 124
TAIL_LINES = 25
# A case's name is that of a folder.
CASE_NAME = r"\w[\w.-]*"
# What a terminal would do and not show: sequences that move, clear or colour, and controls.
CONTROL = re.compile("\x1b\\[[0-9;?=]*[A-Za-z]"
                     "|[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd"
                     "\U00010000-\U0010ffff]")


def load_script(path):
    """A script without .py in its name as a module."""
    loader = importlib.machinery.SourceFileLoader(pathlib.Path(path).stem, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


# It knows the settings of the machine.
TDRUN = load_script(HERE / "tdrun")
SETTINGS = {setting.name: setting for setting in TDRUN.settings()
            if setting.name not in TDRUN.OWN_OPTIONS}
# Where tdrun says why: in what follows its verdict, if that does not begin its statistics.
BAD_ENDS = "|".join(re.escape(text) for status, text in TDRUN.VERDICT.items()
                    if status != TDRUN.POWER_OFF)
REASON = re.compile(rf"^tdrun: (?:error: |(?:{BAD_ENDS})\ntdrun:   (?!vCPUs  |wall time  ))(.+)$",
                    re.MULTILINE)


class Failure(Exception):
    """Why a test failed, in one line."""


class Timeout(Failure):
    """The verdict of its own: the test did not end."""


class Skip(Exception):
    """Why a test cannot be judged here. Never for something that set-up installs and is missing."""


class CaseError(ValueError):
    """What is wrong with a case, or with a file of cases, before anything runs."""


# ---- processes -----------------------------------------------------------------------------------

@dataclasses.dataclass
class Ended:
    status: int     # exit status, or -signal
    output: str
    stopped: bool   # the pattern that was waited for has been seen
    unanswered: str = None  # the pattern of the first answer that was not given


class Processes:
    """Those that run now, so that an interrupted run leaves none."""

    def __init__(self):
        self.running = set()
        self.over = False
        self.lock = threading.Lock()

    def start(self, command, out, stdin=subprocess.DEVNULL):
        """In a process group of its own."""
        with self.lock:
            if self.over:
                raise Failure("interrupted")
            process = subprocess.Popen([str(word) for word in command], bufsize=0,
                                       stdin=stdin, stdout=out, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            self.running.add(process)
            return process

    def end(self, process):
        """Ends a process that is still running, and whatever it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, number)
                    process.wait(5)
        with self.lock:
            self.running.discard(process)

    def end_all(self):
        """No process is started from now on."""
        with self.lock:
            self.over = True
            running = set(self.running)
        for process in running:
            self.end(process)


PROCESSES = Processes()


class Answers:
    """Lines that are written to a process: each once its output has a pattern, after what the
    pattern before has met."""

    def __init__(self, answers):
        self.waiting = list(answers)
        self.at = 0

    def give(self, process, log):
        while self.waiting:
            pattern_, line = self.waiting[0]
            found = re.compile(pattern_, re.MULTILINE).search(read_text(log), self.at)
            if found is None:
                return
            self.at = found.end()
            self.waiting.pop(0)
            # One that has ended meanwhile is judged by how.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(line.encode() + b"\n")


def run_process(command, log, timeout, until=None, answers=()):
    """Runs command with its output to the file log; kills its process group after timeout, and
    once the output matches until. answers: (pattern, line) each, see Answers."""
    talk = Answers(answers)
    with open(log, "wb") as out:
        try:
            process = PROCESSES.start(command, out,
                                      subprocess.PIPE if answers else subprocess.DEVNULL)
        except OSError as error:
            raise Failure(f"cannot run {command[0]}: {error.strerror}") from error
        end = time.monotonic() + timeout
        while process.poll() is None:
            talk.give(process, log)
            if seen(until, log) or time.monotonic() > end:
                break
            try:
                process.wait(0.5 if until or talk.waiting else end - time.monotonic() + 0.01)
            except subprocess.TimeoutExpired:
                pass
        # Also of a process that has ended by itself since the last look.
        stopped = seen(until, log)
        timed_out = process.poll() is None and not stopped
        PROCESSES.end(process)
        if process.stdin is not None:
            process.stdin.close()
    if timed_out:
        raise Timeout(f"still running after {timeout:.0f} s: killed")
    return Ended(process.returncode, read_text(log), stopped,
                 talk.waiting[0][0] if talk.waiting else None)


def seen(text, log):
    return text is not None and re.search(text, read_text(log), re.MULTILINE) is not None


def read_text(path):
    return pathlib.Path(path).read_bytes().decode("utf-8", "replace").replace("\r", "")


# ---- a case --------------------------------------------------------------------------------------

def key(text, default=None):
    """A key of a case, with what --help says of it."""
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata={"help": text})
    return dataclasses.field(default=default, metadata={"help": text})


@dataclasses.dataclass
class Case:
    """One table of a file of cases."""
    name: str
    folder: str = ""           # its files lie relative to this
    settings: dict = dataclasses.field(default_factory=dict)  # of the machine, by name

    firmware: str = key("TDVF image or IGVM file (the one that comes with tdrun)")
    kernel: str = key("any file that the firmware boots (none)")
    initrd: str = key("(none)")
    append: str = key("the kernel's command line (none)", "")
    smp: str = key("vCPUs, or a QEMU -smp string (1)", "1")
    memory: str = key("as for tdrun, such as 512M (1G)")
    disk: str = key("image of a disk, raw or qcow2; what the TD writes to it is lost (none)")
    volume: dict = key("{ NAME = FILE, ... }: a disk of these files, which a UEFI firmware boots; "
                       "without a kernel the text of append is its file cmdline (none)")
    script: str = key("what the host does otherwise, and when: the text of tdrun --host-script; a "
                      "rule that never fires is a failure (none)")
    tdrun: list = key("further options of tdrun (none)", list)
    timeout: int = key("seconds; TIMEOUT is a verdict of its own (300)", 300)
    status: int = key("tdrun's exit status that is expected (0: the TD powered itself off)", 0)
    answers: dict = key("{ PATTERN = LINE, ... }: each LINE is typed at the console once the "
                        "output has its PATTERN after what the one before has met (none)", dict)
    until: str = key("the run is stopped, and good, once its output has this pattern; its exit "
                     "status then does not matter (none)")
    expect: list = key("patterns that the output must have (none)", list)
    forbid: list = key("patterns that it must not have, beside those that none may (none)",
                       list)
    allow: list = key("of those that none may have, what this one may (none)", list)
    stats: dict = key('{ "tdvmcall/MapGPA" = [1, 200], ... }: bounds of counters of tdrun --stats; '
                      "of an array the second word is an index (none)", dict)
    repeat: int = key("as many runs, each a test (1)", 1)
    alone: bool = key("nothing else runs beside it (false)", False)

    # What no output may have: a kernel in trouble, and a rule of the host script that was in vain.
    FORBIDDEN = ("Call Trace", "Kernel panic", "Failed to hand over", "never fired")
    # Those fields that are no keys.
    OWN = ("name", "folder", "settings")

    @classmethod
    def keys(cls):
        return {field.name: field for field in dataclasses.fields(cls)
                if field.name not in cls.OWN}

    def named_files(self):
        """As the case names them."""
        return [text for text in (self.firmware, self.kernel, self.initrd, self.disk,
                                  *(self.volume or {}).values()) if text is not None]

    def place(self, text, files):
        """Of a file that the case names; {NAME} is one of files."""
        return os.path.join(self.folder, text.format(**files))

    def runs(self):
        """The name of each run."""
        return [self.name if self.repeat == 1 else f"{self.name}#{run}"
                for run in range(1, self.repeat + 1)]


def typed(name, field, value):
    """The value of a key; raises CaseError unless it has the field's type."""
    if field.type is str and type(value) is int:
        return str(value)
    words = {str: "a string", int: "a number", bool: "true or false", list: "a list of strings",
             dict: "a table of strings"}
    good = type(value) is field.type
    if good and field.name != "stats" and field.type in (list, dict):
        inside = value if field.type is list else value.values()
        good = all(isinstance(word, str) for word in inside)
    if not good:
        raise CaseError(f"{name}: {field.name}: {value!r} is not {words[field.type]}")
    return value


def pattern(text):
    """Of a command line."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from error


def check_pattern(name, text):
    try:
        re.compile(text)
    except re.error as error:
        raise CaseError(f"{name}: '{text}' is no pattern: {error}") from error


def make_case(kind, name, table, folder=""):
    """A key is a field of kind, which is Case or made from it, or a setting of the machine."""
    keys = kind.keys()
    settings = {word: value for word, value in table.items() if word not in keys}
    for word in settings:
        if word not in SETTINGS:
            raise CaseError(f"{name}: no key and no setting has the name '{word}'")
    case = kind(name, folder, settings, **{word: typed(name, keys[word], value)
                                           for word, value in table.items() if word in keys})
    for text in (*case.expect, *case.forbid, *case.answers, case.until or ""):
        check_pattern(name, text)
    for path, bounds in case.stats.items():
        if not isinstance(bounds, list) or [type(bound) for bound in bounds] != [int, int]:
            raise CaseError(f"{name}: stats: {path}: {bounds!r} is not [LOW, HIGH]")
    for word in ("repeat", "timeout"):
        if getattr(case, word) < 1:
            raise CaseError(f"{name}: {word}: {getattr(case, word)} is less than 1")
    if case.until is not None and case.stats:
        raise CaseError(f"{name}: until: a run that is stopped has no stats")
    if not set(case.allow) <= set(kind.FORBIDDEN):
        raise CaseError(f"{name}: nobody forbids all of {case.allow}")
    return case


def load_file(path, kind=Case, folder=None):
    """The cases of a file: tables, each called FILE/TABLE. Files that they name lie in folder, or
    beside it."""
    path = pathlib.Path(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise CaseError(f"{path}: {error}") from error
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise CaseError(f"{path}: '{name}' stands in no table")
        if not re.fullmatch(CASE_NAME, name):
            raise CaseError(f"{path}: '{name}': a case's name has letters, digits, '_', '-', '.'")
    folder = str(path.parent) if folder is None else folder
    return [make_case(kind, f"{path.stem}/{name}", table, folder)
            for name, table in tables.items()]


# ---- running and judging it ----------------------------------------------------------------------

def setting_options(case):
    """The options of tdrun for the settings of a case; true is an option without a value."""
    for name, value in case.settings.items():
        if value is not False:
            yield SETTINGS[name].option
        if not isinstance(value, bool):
            yield str(value)


def make_volume(case, folder, files):
    """A directory with the files of a volume. Without a kernel the command line is one of them."""
    volume = folder / "volume"
    shutil.rmtree(volume, ignore_errors=True)
    for name, source in case.volume.items():
        path = volume / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(pathlib.Path(case.place(source, files)).resolve())
    if case.kernel is None and case.append:
        (volume / "cmdline").write_text(case.append + "\n")
    return str(volume)


def make_script(case, folder):
    path = folder / "script"
    path.write_text(case.script, encoding="utf-8")
    return str(path)


def tdrun_command(case, folder, files, more=()):
    """The command that runs a case; what it makes and needs lies in folder."""
    words = [str(HERE / "tdrun")]
    for name in ("firmware", "kernel", "initrd"):
        if getattr(case, name) is not None:
            words += ["--" + name, case.place(getattr(case, name), files)]
    if case.append and (case.kernel is not None or not case.volume):
        words += ["--append", case.append]
    words += ["--smp", case.smp, *(["--memory", case.memory] if case.memory else []),
              *(["--disk", case.place(case.disk, files), "--qemu-arg=-snapshot"] if case.disk
                else []),
              *(["--volume", make_volume(case, folder, files)] if case.volume else []),
              *setting_options(case),
              *(["--host-script", make_script(case, folder)] if case.script else [])]
    return words + [*more, *case.tdrun, "--timeout", str(case.timeout),
                    "--stats", str(folder / "stats.json")]


def prepare(case, folder, files):
    """An empty output and no statistics in folder; raises Failure if a file of the case lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "output").write_bytes(b"")
    (folder / "stats.json").unlink(missing_ok=True)
    for text in case.named_files():
        path = case.place(text, files)
        if not os.path.exists(path):
            raise Failure(f"{path} is not there")


def boot(case, folder, command):
    """Runs a case's command. Returns its output and statistics ({} for none); raises Failure unless
    it ended as the case says."""
    ended = run_process(command, folder / "output", case.timeout + GRACE_SECONDS, case.until,
                        case.answers.items())
    judge(case, ended)
    path = folder / "stats.json"
    stats = json.loads(read_text(path) or "{}") if path.is_file() else {}
    if case.stats and not stats:
        raise Failure("there are no statistics")
    judge_stats(case, stats)
    return ended.output, stats


def run_case(case, folder, files):
    prepare(case, folder, files)
    boot(case, folder, tdrun_command(case, folder, files))
    return ""


def judge(case, ended):
    """Raises Failure unless the run ended as the case says."""
    if not ended.stopped:
        reason = REASON.search(ended.output)
        why = "" if reason is None else f": {reason[1]}"
        if ended.status == TIMEOUT_STATUS != case.status:
            raise Timeout("exit status 124: the TD did not end in time")
        if case.until is not None:
            raise Failure(f"ended with {ended.status} before /{case.until}/ was seen{why}")
        if ended.status != case.status:
            raise Failure(f"exit status {ended.status}, not {case.status}{why}")
    if ended.unanswered is not None:
        raise Failure(f"ended before /{ended.unanswered}/ was answered")
    for text in case.expect:
        if re.search(text, ended.output, re.MULTILINE) is None:
            raise Failure(f"output lacks /{text}/")
    for text in (*(text for text in case.FORBIDDEN if text not in case.allow), *case.forbid):
        if re.search(text, ended.output, re.MULTILINE) is not None:
            raise Failure(f"output has /{text}/")


def judge_stats(case, stats):
    for path, (low, high) in case.stats.items():
        value = stats
        for name in path.split("/"):
            if isinstance(value, list):
                value = dict(enumerate(map(int, value))).get(int(name), 0)
            else:
                value = value.get(name, 0) if isinstance(value, dict) else 0
        if not low <= value <= high:
            raise Failure(f"statistics: {path} is {value}, not {low} to {high}")


# ---- many ----------------------------------------------------------------------------------------

@dataclasses.dataclass
class Result:
    name: str
    verdict: str    # PASS, FAIL, TIMEOUT or SKIP
    seconds: float
    note: str
    tail: list      # the last lines of what failed
    log: pathlib.Path

    def good(self):
        return self.verdict in ("PASS", "SKIP")


def printable(line):
    return CONTROL.sub("", line)


def tail(log):
    if not log.is_file():
        return []
    return [printable(line) for line in read_text(log).splitlines()[-TAIL_LINES:]]


class Results:
    """Runs tests, prints a line for each, counts. On a terminal a last line says what runs."""

    def __init__(self):
        self.results = []
        self.skipped = []
        self.running = []
        self.planned = 0
        self.lock = threading.Lock()

    def count(self, *verdicts):
        return sum(result.verdict in verdicts for result in self.results)

    def skip(self, name, reason):
        """A test, or one of those in it."""
        with self.lock:
            self.skipped.append(f"SKIP {name}: {reason}")

    def failures(self):
        return self.count("FAIL", "TIMEOUT")

    def print(self, text=""):
        """Lines, and below them, on a terminal, what runs."""
        if not sys.stdout.isatty():
            print(text, end="", flush=True)
            return
        line = (f"[{len(self.results)}/{self.planned}] {self.failures()} failed; "
                f"running: {', '.join(self.running)}") if self.running else ""
        columns = shutil.get_terminal_size().columns
        print(f"\r\x1b[K{text}{line[:columns - 1]}", end="", flush=True)

    def run(self, name, test, log):
        self.planned += 1
        self.run_planned(name, test, log)

    def run_planned(self, name, test, log):
        """test() returns a note for the line, or raises."""
        start = time.monotonic()
        with self.lock:
            self.running.append(name)
            self.print()
        verdict, note = "PASS", ""
        try:
            note = test()
        except Timeout as timeout:
            verdict, note = "TIMEOUT", str(timeout)
        except Skip as skip:
            verdict, note = "SKIP", str(skip)
            self.skip(name, note)
        except Failure as failure:
            verdict, note = "FAIL", str(failure)
        except Exception as error:  # a test that cannot run has failed, the others go on
            verdict, note = "FAIL", f"{type(error).__name__}: {error}"
        result = Result(name, verdict, time.monotonic() - start, note, [], log)
        if not result.good():
            result.tail = tail(log)
        with self.lock:
            self.running.remove(name)
            if PROCESSES.over:
                return
            self.results.append(result)
            self.print(f"{verdict:<7} {result.seconds:6.1f} s  {name}"
                       + (f"  ({note})" if note else "") + "\n"
                       + ("" if result.good() else
                          "".join(f"        | {line}\n" for line in result.tail)
                          + f"        log: {log}\n"))

    def run_all(self, tests, jobs, waiting=()):
        """(name, test, log) each: tests, jobs at a time, and beside them those that mostly wait."""
        self.planned += len(tests) + len(waiting)
        with (concurrent.futures.ThreadPoolExecutor(jobs) as pool,
              concurrent.futures.ThreadPoolExecutor(1) as beside):
            futures = [pool.submit(self.run_planned, *test) for test in tests]
            futures += [beside.submit(self.run_planned, *test) for test in waiting]
            try:
                for future in futures:
                    future.result()
            except BaseException:   # interrupted: nothing more begins, what runs is ended
                for executor in (pool, beside):
                    executor.shutdown(wait=False, cancel_futures=True)
                PROCESSES.end_all()
                raise
