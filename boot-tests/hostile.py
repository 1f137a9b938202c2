#!/usr/bin/python3
# Boots a firmware against hosts that do wrong, as lives of one TD, and judges each life.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The cases of boot-tests/hostile.toml: each ends in a right boot or in a stop that says why.

Cases that boot the same are lives of one host script, in one run of tools/tdrun. A run that ends
before its last life (a timeout, a bug of the machine) is that life's end, and the others go on in a
run more. Each line has what is wrong with a case, or nothing; the output of each is kept in
BUILD/tests/hostile/. With --random the rules are made by chance, by seed and number; what is found
is told with the shortest script that still shows it. With --firmware nothing is judged: a table
says how the firmware ends.

Exit status: 0 all are as they should be, 1 one is not or none is there, 2 wrong usage.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import random
import re
import subprocess
import sys
import tomllib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(1, str(ROOT / "tools"))
import tdcase  # noqa: E402

LIST = "boot-tests/hostile.toml"
# Of boot-tests/vmm/script/script.c.
END = re.compile(r"^life (\S+) ends by (\d+): (.*)$", re.MULTILINE)
# What our firmware says of itself on the serial port, where it is whole.
SAID = re.compile(r"^lintel: fatal: (.*)$", re.MULTILINE)
# Before what a firmware reports.
REPORTED = r"^TD reported fatal error 0x0 by vCPU \d+: "
NEVER_FIRED = re.compile(r"^tdrun: host script, line (\d+) never fired: ", re.MULTILINE)
POWER_OFF, SETUP = 0, 2
# A life and the start of a run, on a machine that has other work.
SECONDS_PER_LIFE, SECONDS_PER_RUN = 10, 60
# Random hosts.
LIVES_PER_RUN = 100


@dataclasses.dataclass
class Case:
    name: str
    script: str
    boot: str = "plain"   # how: a table "boot.NAME"
    status: int = 0       # exit status that the life would have by itself
    expect: str = None    # what its output must have; of a right boot, the boot's own pattern
    idle: list = dataclasses.field(default_factory=list)  # rules that need not fire, from 1 on
    foreign: bool = False  # says nothing of where a firmware has what: any firmware can meet it


@dataclasses.dataclass
class Life:
    """How a case ended."""
    status: int
    output: str
    unfired: list         # rules that never fired, from 1 on


# The numbers of linker/memmap.h by their names, and the SHARED bit.
MAP = {**tdcase.TDRUN.memory_map(), "SHARED": 1 << 47}


def places(*sums):
    """Each is "NAME", or a sum such as "NAME+OTHER+0x10"."""
    return [sum(MAP[word] if word in MAP else int(word, 0) for word in text.split("+"))
            for text in sums]


def with_addresses(text):
    """The text with the number of each {NAME+0x10}."""
    return re.sub(r"\{([A-Z]\w*(?:\+\w+)*)\}", lambda found: hex(places(found[1])[0]), text)


def load(path):
    """({name: options of a boot}, cases)"""
    table = tomllib.loads(with_addresses(pathlib.Path(path).read_text(encoding="utf-8")))
    boots = table["boot"]
    cases = [Case(name, **case) for name, case in table["case"].items()]
    for case in cases:
        if case.boot not in boots:
            raise ValueError(f"{case.name}: there is no boot '{case.boot}'")
        if case.status != POWER_OFF and case.expect is None:
            raise ValueError(f"{case.name}: what names the stop?")
        re.compile(case.expect or "")
    return boots, cases


def rules(case):
    return [line for line in case.script.splitlines() if line.strip()]


def script_of(cases):
    """The lives as a host script, and for each line but the first of a life (case, rule)."""
    lines, places = [], {}
    for case in cases:
        lines.append(f"life {case.name}")
        for number, rule in enumerate(rules(case), 1):
            lines.append(rule)
            places[len(lines)] = (case.name, number)
    return "".join(line + "\n" for line in lines), places


def split(output, status, cases, places):
    """Lives by the output of tdrun, whose exit status this is: those that have begun."""
    unfired = {}
    for line in NEVER_FIRED.findall(output):
        name, number = places[int(line)]
        unfired.setdefault(name, []).append(number)
    lives, at = {}, 0
    for end in END.finditer(output):
        lives[end[1]] = Life(int(end[2]), output[at:end.end()], unfired.get(end[1], []))
        at = end.end()
    if len(lives) < len(cases):
        name = cases[len(lives)].name
        lives[name] = Life(status, output[at:], unfired.get(name, []))
    return lives


def image_of(boot, folder, build):
    """lintel.fd, or an image that is made for this boot."""
    if "image" not in boot:
        return f"{build}/lintel.fd"
    path = str(folder / "image.fd")
    subprocess.run([f"{build}/lintel", "image", "--output", path,
                    *(word.format(build=build) for word in boot["image"])], cwd=ROOT, check=True)
    return path


def run_script(boot, text, firmware, seconds, log, build, until=None):
    """Boots the firmware in this way with this host script, beside which its output is kept."""
    log.parent.mkdir(parents=True, exist_ok=True)
    script = log.parent / "script"
    script.write_text(text, encoding="utf-8")
    return tdcase.run_process(
        [ROOT / "tools/tdrun", "--machine-elf", ROOT / build / "machine.elf", "--firmware",
         firmware, *(word.format(build=ROOT / build) for word in boot["options"]),
         "--host-script", script, "--timeout", seconds],
        log, seconds + tdcase.GRACE_SECONDS, until)


def run_lives(boot, cases, folder, build):
    """{name: Life} of all cases, which boot in this way."""
    folder.mkdir(parents=True, exist_ok=True)
    firmware = image_of(boot, folder, ROOT / build)
    lives, left = {}, list(cases)
    while left:
        text, places = script_of(left)
        seconds = SECONDS_PER_RUN + SECONDS_PER_LIFE * len(left)
        ended = run_script(boot, text, firmware, seconds, folder / "output", build)
        if ended.status == SETUP:
            raise OSError(ended.output)
        lives.update(split(ended.output, ended.status, left, places))
        left = left[sum(case.name in lives for case in left):]
    return lives


def fault(case, boot, life):
    """What is wrong with how the case ended, or None."""
    if life.status != case.status:
        return f"exit status {life.status}, not {case.status}"
    wanted = case.expect or boot["right"]
    if re.search(wanted, life.output, re.MULTILINE) is None:
        return f"output lacks /{wanted}/"
    if case.status == POWER_OFF and re.search(boot["right"], life.output, re.MULTILINE) is None:
        return f"output lacks /{boot['right']}/"
    unfired = [number for number in life.unfired if number not in case.idle]
    if unfired:
        return f"rule {unfired[0]} never fired: {rules(case)[unfired[0] - 1]}"
    return None


def judge_all(boots, cases, folder, build, tell):
    """Runs the cases; tell(name, fault or None, file with the output) of each."""
    for name, boot in boots.items():
        ours = [case for case in cases if case.boot == name]
        if not ours:
            continue
        lives = run_lives(boot, ours, folder / f"boot-{name}", build)
        for case in ours:
            log = folder / case.name
            log.write_text(lives[case.name].output, encoding="utf-8")
            tell(case.name, fault(case, boot, lives[case.name]), log)


# ---- other firmware ------------------------------------------------------------------------------

def end_of(output, status, boot, count):
    """How it ended, in words; count: how many rules the host has."""
    how = next((how for how, pattern in boot["ends"].items()
                if re.search(pattern, output, re.MULTILINE)), None)
    if how is None:
        reason = SAID.search(output) or END.search(output) or tdcase.REASON.search(output)
        how = ("hangs" if status == tdcase.TIMEOUT_STATUS or reason is None else
               re.sub(REPORTED, "", reason[reason.lastindex]))
    unmet = count > 0 and len(NEVER_FIRED.findall(output)) == count
    return how.replace("|", "/") + ("; met no such host" if unmet else "")


def run_foreign(boots, cases, firmware, seconds, jobs, folder, build):
    """Prints a row for each case that any firmware can meet: our end, and that of each firmware, in
    a run of its own, so many at a time."""
    boot, cases = boots["foreign"], [case for case in cases if case.foreign]
    lives = run_lives(boots["plain"], cases, folder / "lintel", build)

    def run(case, file):
        log = folder / pathlib.Path(file).stem / case.name / "output"
        ended = run_script(boot, "".join(rule + "\n" for rule in rules(case)), file, seconds, log,
                           build, boot["until"])
        return end_of(ended.output, ended.status, boot, len(rules(case)))

    print("| host | Lintel | " + " | ".join(pathlib.Path(file).stem for file in firmware) + " |")
    print("| --- " * (2 + len(firmware)) + "|")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        rows = [(case, [pool.submit(run, case, file) for file in firmware])
                for case in [Case("none", ""), *cases]]
        for case, ends in rows:
            life = lives.get(case.name, Life(POWER_OFF, "", []))
            ours = "boots" if life.status == POWER_OFF else end_of(life.output, life.status, boot,
                                                                   len(rules(case)))
            print("| " + " | ".join([case.name, ours, *(end.result() for end in ends)]) + " |",
                  flush=True)


# ---- random hosts --------------------------------------------------------------------------------

# A TD that was stopped by name, or that its host has broken by a means that leaves no other end.
NAMED = {10: r"fatal error 0x0 by vCPU \d+: (?!unnamed)", 11: r"triple fault",
         12: r"access to (unaccepted page|(shared )?GPA)|host: |(private|shared) access to"}
# The means of each of these ends: without such a rule it is a fault of the firmware.
MEANS = {11: r": .*\bnmi\b",
         12: r"\b(drop|share|write) |SEAMCALL|MapGPA|on HOB: "}
LEAK = "shows the secret"


class Host:
    """A host by chance: the same seed makes the same rules."""

    NUMBERS = (0, 1, 2, 7, 8, 16, 0x20, 0x7F, 0x80, 0xFF, 0x100, 0x200, 0xFFF, 0x1000, 0x2000,
               0xFFFF, 0x10000, 0x200000, 0x1000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32,
               (1 << 48) - 4096, 1 << 51, 1 << 63, (1 << 64) - 4096, (1 << 64) - 1,
               *places("SHARED", "SHARED+BOUNCE", "SHARED+BOUNCE+0x10000", "SHIM_RAM", "BOUNCE",
                       "AP_TABLE", "MAILBOX"))
    FILES = ("etc/boot/kernel", "etc/table-loader", "etc/acpi/tables", "etc/acpi/rsdp",
             "0x00", "0x01", "0x08", "0x0b", "0x14", "0x15", "0x17", "0x18", "0x19")
    CALLS = ("MapGPA", "CPUID", "IO", "RDMSR", "WRMSR", "HLT", "GetTdVmCallInfo", "0x10")
    STATUSES = ("success", "retry", "invalid-operand", "gpa-inuse", "align-error", "unsupported",
                "0x1", "0xffffffffffffffff", "0x8000000000000000")
    REGISTERS = ("rdx", "rbx", "rsi", "rdi", "r8", "r9", "r11", "r12", "r13", "r14", "r15")
    PAGES = (0x1000000, 0x1FE0000,
             *places("BOOT_TABLES", "SHIM_DATA", "EVENT_LOG", "BSP_STACK", "TD_HOB",
                     "HANDOVER_BOOT_PARAMS", "ACPI_ARENA", "AP_TABLE", "MAILBOX", "RESET_PAGE"))

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, bits=64):
        kind = self.random.randrange(4)
        value = (self.random.getrandbits(bits) if kind == 0 else
                 self.random.choice(self.NUMBERS) + self.random.choice((0, 0, 0, 1, -1)))
        return value % (1 << bits)

    def replace(self, end):
        bits = self.random.choice((8, 16, 32, 64))
        at = self.random.randrange(end)
        at -= at % 4 if self.random.randrange(4) else 0
        return f"replace {at:#x} u{bits} {self.number(bits):#x}"

    def which(self, most):
        kind, n = self.random.randrange(3), self.random.randint(1, most)
        return ("", f" #{n}", f" #{n}..{n + self.random.randint(0, most)}")[kind]

    def time(self):
        return f"{self.random.randint(1, 3000)}us"

    def hob(self):
        return f"on HOB: {self.replace(0x110)}"

    def fw_cfg(self):
        file = self.random.choice(self.FILES)
        action = self.random.randrange(8)
        if action < 2 and file.startswith("etc/"):
            return f"on fw_cfg {file}: " + ("hide" if action == 0 else
                                            f"size {self.number(32):#x}")
        end = {"etc/acpi/tables": 0x2400, "etc/table-loader": 0x1000,
               "etc/boot/kernel": 0x280, "0x18": 0x280, "0x19": 0x400}.get(file, 8)
        return f"on fw_cfg {file}{self.which(2)}: {self.replace(end)}"

    def call(self):
        call = self.random.choice(self.CALLS)
        actions = []
        if self.random.randrange(2):
            actions.append(f"status {self.random.choice(self.STATUSES)}")
        for _ in range(self.random.randrange(3)):
            actions.append(f"{self.random.choice(self.REGISTERS)}={self.number():#x}")
        actions += [f"hold {self.time()}"] if not actions or not self.random.randrange(4) else []
        vcpu = self.random.choice(("", "", " vcpu 0", " vcpu 1"))
        most = {"IO": 2000, "MapGPA": 3, "CPUID": 4}.get(call, 10)
        which = self.which(most)
        if call in ("HLT", "IO") and not which:
            which = " #1"  # a TD that may not even wait, or say anything, takes long to end
        return f"on TDVMCALL.{call}{which}{vcpu}: " + " ".join(actions)

    def interrupt(self):
        event = self.random.choice((f"TDVMCALL.IO #{self.random.randint(1, 2000)}",
                                    "TDVMCALL.MapGPA #1", "TDVMCALL.GetTdVmCallInfo",
                                    "phase start", f"phase turn #{self.random.randint(1, 400)}"))
        what = "nmi" if not self.random.randrange(4) else \
            f"interrupt {self.random.randint(32, 255)}"
        return f"on {event}: {what}"

    def hold(self):
        phase = self.random.choice(("start", "turn", "ap.parked"))
        return f"on phase {phase}{self.which(20)}: hold {self.time()}"

    def page(self):
        event = self.random.choice(("MapGPA #1", "MapGPA #2", "GetTdVmCallInfo"))
        page = self.random.choice(self.PAGES)
        return f"on TDVMCALL.{event}: " + self.random.choice((
            f"drop private {page:#x}", f"write private {page + 0x800:#x} u64 {self.number():#x}",
            "move private 0x1fe0000"))

    def seamcall(self):
        leaf = self.random.choice(("MEM.PAGE.AUG", "VP.ENTER"))
        first, last = self.random.randint(1, 50), self.random.randint(50, 60)
        return f"on SEAMCALL.{leaf} #{first}..{last}: status operand-busy"

    def temp_mem(self):
        return f"on TempMem: fill {self.number():#x}"

    def rules(self):
        kinds = ([self.hob] * 2 + [self.fw_cfg] * 6 + [self.call] * 5 + [self.interrupt] * 2 +
                 [self.hold] * 2 + [self.page, self.seamcall, self.temp_mem])
        return [self.random.choice(kinds)() for _ in range(self.random.randint(1, 6))]


def finding(life, script, right):
    """What is wrong with how a random host's life ended, or None."""
    last = ([line for line in life.output.splitlines() if line.strip()] or [""])[-1]
    if LEAK in life.output:
        return last
    if life.status == POWER_OFF:
        return None if re.search(right, life.output, re.MULTILINE) else "off without a right boot"
    if life.status == 12 and re.search(r"host script, line \d+: ", life.output):
        return None  # there is no such page in this life
    if "payload: " in life.output and life.status == 10:
        return None  # the payload's own checks: it trusts its host
    if life.status not in NAMED or re.search(NAMED[life.status], life.output) is None:
        return f"status {life.status}: {last}"
    if life.status in MEANS and re.search(MEANS[life.status], script) is None:
        return f"status {life.status} by no such rule: {last}"
    return None


def shrink(boot, case, folder, build):
    """The case with as few rules as still end in a finding."""
    while len(rules(case)) > 1:
        all_rules = rules(case)
        ways = [Case(f"without-{n}", "\n".join(all_rules[:n] + all_rules[n + 1:]))
                for n in range(len(all_rules))]
        lives = run_lives(boot, ways, folder, build)
        found = [way for way in ways
                 if finding(lives[way.name], way.script, boot["right"]) is not None]
        if not found:
            break
        case = found[0]
    return case


def fuzz(boot, seed, first, count, folder, build):
    """(name, what, shortest script) of each finding among the random hosts first, first + 1, ..."""
    cases = [Case(f"random-{seed}-{n}", "\n".join(Host(f"{seed}-{n}").rules()))
             for n in range(first, first + count)]
    lives = run_lives(boot, cases, folder, build)
    for case in cases:
        what = finding(lives[case.name], case.script, boot["right"])
        if what is not None:
            (folder / case.name).write_text(lives[case.name].output, encoding="utf-8")
            yield case.name, what, shrink(boot, case, folder / "shrink", build).script


def fuzz_all(boot, seed, first, count, folder, build):
    """Prints the findings of so many random hosts; returns how many there are."""
    found = 0
    for at in range(first, first + count, LIVES_PER_RUN):
        part = min(LIVES_PER_RUN, first + count - at)
        for name, what, script in fuzz(boot, seed, at, part, folder, build):
            found += 1
            print(f"FAIL  {name}  {what}\n" +
                  "".join(f"    {line}\n" for line in script.splitlines()), end="")
        print(f"{at + part - first} random hosts, {found} findings", flush=True)
    return found


def parse_arguments():
    parser = argparse.ArgumentParser(prog="boot-tests/hostile.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--only", metavar="REGEX", type=tdcase.pattern, default="",
                        help="only cases whose name matches")
    parser.add_argument("--firmware", metavar="FILE", action="append",
                        help="another firmware against the hosts that any can meet: a table; may "
                             "be given again")
    parser.add_argument("--timeout", metavar="S", type=int, default=60,
                        help="with --firmware: a boot that is not through by then hangs (60 s)")
    parser.add_argument("--jobs", metavar="N", type=int, default=1,
                        help="with --firmware: so many boots at a time (1)")
    parser.add_argument("--random", metavar="N", type=int,
                        help="N random hosts instead of the cases")
    parser.add_argument("--first", metavar="K", type=int, default=0,
                        help="the number of the first random host (0)")
    parser.add_argument("--icount", action="store_true",
                        help="random hosts: an instruction takes a nanosecond of every clock, so "
                             "that a run repeats exactly, in three times the time")
    parser.add_argument("--seed", metavar="S", default="1", help="seed of the random hosts (1)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    boots, cases = load(ROOT / LIST)
    cases = [case for case in cases if re.search(arguments.only, case.name)]
    folder = ROOT / arguments.build / "tests" / "hostile"
    if arguments.firmware is not None:
        run_foreign(boots, cases, arguments.firmware, arguments.timeout, arguments.jobs,
                    folder / "foreign", arguments.build)
        return 0
    if arguments.random is not None:
        if arguments.icount:
            boots["random"]["options"].append("--icount")
        return 1 if fuzz_all(boots["random"], arguments.seed, arguments.first, arguments.random,
                             folder / "boot-random", arguments.build) else 0
    faults = []

    def tell(name, wrong, log):
        print(f"{'FAIL' if wrong else 'PASS'}  {name}" + (f"  {wrong}: {log}" if wrong else ""))
        faults.extend([wrong] if wrong else [])

    judge_all(boots, cases, folder, arguments.build, tell)
    return 1 if faults or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
