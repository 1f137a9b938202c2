#!/usr/bin/python3
# Figures of the machine and the firmware: by count, and a boot's CPU time by a plain VM's.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Measure what TDCALLs, SEAMCALLs, the AP path and a boot cost, in instructions and in calls.

Instructions are counted under "tdrun --icount", where the TSC counts them; an iteration of REP
counts as one. They and lintel's calls repeat exactly. OVMF polls devices while time passes: its
calls vary from run to run. CPU time is that of a TD's boot divided by a plain VM's, see
bench_cpu.py. Prints tables and writes BUILD/bench.json; BUILD/bench.md has Lintel beside OVMF.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import bench_ap  # noqa: E402
import bench_cpu  # noqa: E402
import bench_table  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
OVMF = "/usr/share/ovmf/OVMF.fd"
VCPUS = (1, 2, 4, 8)
APS_VCPUS = bench_ap.VCPUS
TIMEOUT_SECONDS = 1800
POWER_OFF, FATAL_ERROR = 0, 10
CHUNKS_PER_PAGE = 16    # MR.EXTENDs of a page


class Failure(Exception):
    """Why there are no figures, in one line."""


# ---- runs ----------------------------------------------------------------------------------------

class Runner:
    def __init__(self, build):
        self.build = pathlib.Path(build)

    def file(self, name):
        return str(self.build / name)

    def run(self, status, *options):
        """Output and statistics of a run that must end with this status."""
        with tempfile.NamedTemporaryFile("r", suffix=".json") as stats:
            command = [str(ROOT / "tools/tdrun"), "--quiet",
                       "--machine-elf", self.file("machine.elf"), "--timeout", str(TIMEOUT_SECONDS),
                       "--page-size", "2M",
                       "--stats", stats.name, *options]
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True, errors="replace", check=False)
            if ended.returncode != status:
                sys.stderr.write(ended.stdout + ended.stderr)
                raise Failure(f"{shlex.join(command)}: exit status {ended.returncode}")
            return ended.stdout.replace("\r", ""), json.load(stats)

    def payload(self, append):
        return self.run(POWER_OFF, "--firmware", self.file("lintel.fd"), "--memory", "512M",
                        "--kernel", self.file("payload.bin"), "--append", append, "--icount")


# ---- calls ---------------------------------------------------------------------------------------

def guest_costs(output):
    """Instructions of one call, by name, from the lines of the payload's case "bench"."""
    lines = re.findall(r"^payload: bench (\S+) (\d+) (\d+)$", output, re.MULTILINE)
    return {name: int(clocks) / int(calls) for name, calls, clocks in lines}


def host_cost(stats, leaf, level):
    calls, instructions = stats["cost"][leaf][level]
    return instructions / calls


def measure_calls(runner):
    """[name, instructions, times the bare exit] each."""
    output, stats = runner.payload("case=bench")
    guest = guest_costs(output)
    extend = host_cost(stats, "MR.EXTEND", 0)
    rows = [
        ("VMRUN and #VMEXIT, bare", stats["bare_exit"]),
        ("TDCALL and back: TDG.VP.INFO", guest["vp-info"]),
        ("TDVMCALL and back: TD exit, host, TDH.VP.ENTER", guest["vmcall"]),
        ("TDG.MEM.PAGE.ACCEPT 4K, with the fault and the host's AUG", guest["accept-4k"]),
        ("TDG.MEM.PAGE.ACCEPT 2M, the same", guest["accept-2m"]),
        ("TDH.MEM.PAGE.AUG 4K", host_cost(stats, "MEM.PAGE.AUG", 0)),
        ("TDH.MEM.PAGE.AUG 2M", host_cost(stats, "MEM.PAGE.AUG", 1)),
        ("TDH.MEM.PAGE.ADD", host_cost(stats, "MEM.PAGE.ADD", 0)),
        ("TDH.MR.EXTEND, 256 bytes", extend),
        ("TDH.MR.EXTEND, a page", extend * CHUNKS_PER_PAGE),
    ]
    return [(name, round(cost), round(cost / stats["bare_exit"], 1)) for name, cost in rows]


# ---- the host's memory ---------------------------------------------------------------------------

def memory_costs(output):
    """{name: [SEAMCALLs, kicks]} and {MiB: [SEAMCALLs to map, SEAMCALLs to zap, kicks]}."""
    deeds = re.findall(r"^cost (.+): (\d+) SEAMCALLs, (\d+) kicks$", output, re.MULTILINE)
    sizes = re.findall(r"^cost of +(\d+) MiB: mapped by (\d+) SEAMCALLs, zapped by (\d+), "
                       r"(\d+) kicks$", output, re.MULTILINE)
    return ({name: [int(number) for number in numbers] for name, *numbers in deeds},
            {int(size): [int(number) for number in numbers] for size, *numbers in sizes})


def measure_memory(runner):
    """By the unit test that counts them."""
    ended = subprocess.run([runner.file("unit/mmu_cost_test")], capture_output=True, text=True,
                           check=False)
    if ended.returncode != 0:
        raise Failure(f"mmu_cost_test: exit status {ended.returncode}")
    return memory_costs(ended.stdout)


# ---- the AP path ---------------------------------------------------------------------------------

AP_WAYS = ("from reset to parked", "from the wake-up command to the vector",
           "from ResetVector to parked")


def measure_aps(runner, vcpus):
    """(way, instructions) each."""
    try:
        found = bench_ap.measure(str(runner.build), vcpus)
    except subprocess.CalledProcessError as error:
        raise Failure(str(error)) from error
    if len(found) != 1:
        raise Failure(f"APs differ in their instructions: {sorted(found)}")
    return list(zip(AP_WAYS, found.pop()))


# ---- boots ---------------------------------------------------------------------------------------

def accept_calls(stats):
    """Calls of TDG.MEM.PAGE.ACCEPT that came back."""
    return sum(stats["accept"].values()) + stats["accept_size_mismatch"]


def boot_counts(stats):
    """What a firmware did up to the kernel's entry; the last call is that kernel's."""
    return {"extend": stats["seamcall"]["MR.EXTEND"],
            "tdcall": sum(stats["tdcall"].values()) - 1,
            "tdvmcall": sum(stats["tdvmcall"].values()) - 1,
            "ve": sum(stats["ve"].values()),
            "accept": accept_calls(stats),
            "vmexit": sum(stats["exits"]) - 1}


# Calls are counted without --icount, under which a boot of several vCPUs is slow.
def measure_boot(runner, firmware, vcpus):
    _, stats = runner.run(FATAL_ERROR, "--firmware", firmware, "--memory", "1G",
                          "--smp", str(vcpus), "--kernel", runner.file("stop-kernel.bin"))
    return boot_counts(stats)


def start_boots(pool, runner, ovmf, vcpus):
    """The boot of lintel, and that of OVMF."""
    return [pool.submit(measure_boot, runner, firmware, vcpus)
            for firmware in (runner.file("lintel.fd"), ovmf)]


# ---- instructions of a boot ----------------------------------------------------------------------

INITRD_BYTES = 4 << 20
# What lintel copies and hashes without kernel and initrd: QEMU's etc/acpi/tables and table-loader.
ACPI_BYTES = 0x20000 + 0x1000


def measure_instructions(runner, ovmf):
    """[name, instructions] each, from reset to the kernel's entry, 1 GiB, one vCPU; those of the
    machine are in it. What a byte copied and hashed costs is known by an initrd."""
    def count(firmware, *more):
        _, stats = runner.run(FATAL_ERROR, "--firmware", firmware, "--memory", "1G", "--kernel",
                              runner.file("stop-kernel.bin"), "--icount", *more)
        return stats["instructions"]

    with tempfile.NamedTemporaryFile("wb") as initrd:
        initrd.truncate(INITRD_BYTES)
        lintel = count(runner.file("lintel.fd"))
        a_byte = (count(runner.file("lintel.fd"), "--initrd", initrd.name) - lintel) / INITRD_BYTES
    return [("lintel", lintel),
            ("lintel, but copy and hash of the ACPI tables", round(lintel - a_byte * ACPI_BYTES)),
            ("OVMF", count(ovmf))]


# ---- why lintel calls the host -------------------------------------------------------------------

# By direction and port of the I/O calls; the others are named after their sub-function.
CALL_CAUSES = {
    ("OUT", 0x3F8): "log: a character",
    ("IN", 0x3FD): "log: is the FIFO empty",
    ("OUT", 0x3FA): "log: FIFO on",
    ("IN", 0x514): "fw_cfg: is it there",
    ("OUT", 0x518): "fw_cfg: a transfer",
    ("OUT", 0xCF8): "PCI configuration: select",
    ("IN", 0xCFC): "PCI configuration: read",
    ("OUT", 0xCFC): "PCI configuration: write",
}


def cause_of(line):
    """Of a line of the trace."""
    call = dict(word.split("=", 1) for word in line.split() if "=" in word)
    if call["function"] != "IO":
        return call["function"]
    direction = "IN" if int(call["r13"], 16) == 0 else "OUT"
    port = int(call["r14"], 16)
    return CALL_CAUSES.get((direction, port), f"{direction} 0x{port:x}")


def measure_causes(runner):
    """{cause: calls} from reset to the kernel's entry, 1 GiB, one vCPU: those of measure_boot()."""
    with tempfile.NamedTemporaryFile("r", suffix=".trace") as trace:
        runner.run(FATAL_ERROR, "--firmware", runner.file("lintel.fd"), "--memory", "1G",
                   "--kernel", runner.file("stop-kernel.bin"), "--trace", trace.name,
                   "--trace-only", "tdvmcall")
        causes = collections.Counter(cause_of(line) for line in trace)
    causes["ReportFatalError"] -= 1     # the kernel's
    return dict((+causes).most_common())


# ---- accepted memory -----------------------------------------------------------------------------

# Memory and the host's pages. Up to 2 GiB all is below 4 GiB, then 2 GiB are; the rest may be left.
ACCEPT_BOOTS = (("2G", "2M"), ("4G", "2M"), ("6G", "2M"), ("8G", "2M"), ("64G", "2M"),
                ("4G", "4K"))
# OVMF that leaves memory to the kernel: Debian 13's.
ACCEPT_OVMF = "firmware/ovmf-13.fd"


def make_image(runner, policy):
    """An image with this policy of acceptance, for a kernel that has no version."""
    image = runner.file(f"bench-{policy}.fd")
    subprocess.run([runner.file("lintel"), "image", "--output", image, "--accept", policy],
                   check=True)
    return image


def measure_accepts(runner, firmware, memory, page_size):
    """ACCEPTs and #VMEXITs up to the kernel's entry."""
    _, stats = runner.run(FATAL_ERROR, "--firmware", firmware, "--memory", memory, "--page-size",
                          page_size, "--kernel", runner.file("stop-kernel.bin"))
    return {"accept": accept_calls(stats), "vmexit": sum(stats["exits"])}


def start_accepts(pool, runner, lazy):
    """For each firmware its runs, in the order of ACCEPT_BOOTS; OVMF's with pages of 2 MiB only."""
    firmwares = {"lintel, lazy": lazy, "lintel, eager": make_image(runner, "eager")}
    if pathlib.Path(runner.file(ACCEPT_OVMF)).exists():
        firmwares["OVMF 13"] = runner.file(ACCEPT_OVMF)
    return {name: [pool.submit(measure_accepts, runner, firmware, *boot) for boot in ACCEPT_BOOTS
                   if boot[1] == "2M" or name == "lintel, lazy"]
            for name, firmware in firmwares.items()}


# ---- accepted by several vCPUs -------------------------------------------------------------------

# Memory, of which what is above 4 GiB is left to the kernel, the host's pages, and vCPUs.
SHARE_BOOTS = [(memory, pages, vcpus)
               for memory, pages in (("2G", "2M"), ("8G", "2M"), ("64G", "2M"), ("2G", "4K"))
               for vcpus in (1, 2, 4)]


def measure_share(runner, firmware, memory, pages, vcpus):
    """What the vCPUs do from reset to the kernel's entry; instructions are those of all of them and
    of the machine, in a run of their own."""
    options = ("--firmware", firmware, "--memory", memory, "--page-size", pages,
               "--smp", str(vcpus), "--kernel", runner.file("stop-kernel.bin"))
    _, stats = runner.run(FATAL_ERROR, *options)
    _, counted = runner.run(FATAL_ERROR, *options, "--icount")
    pages_of = stats["accept_cpus"][:vcpus]
    return {"accept": accept_calls(stats), "vmexit": sum(stats["exits"]),
            "busiest": max(pages_of) / sum(pages_of), "instructions": counted["instructions"]}


# ---- the tables ----------------------------------------------------------------------------------

def show(title, heads, rows):
    """A table; the first column is text, the others are numbers."""
    cells = [heads] + [[cell if isinstance(cell, str) else f"{cell:,}" for cell in row]
                       for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    print(title)
    for row in cells:
        print("  " + row[0].ljust(widths[0]) + "".join(
            "  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:])))
    print(flush=True)


def show_calls(calls):
    show("Instructions of a call, the TD's or the host's side included", ("", "instr.", "x bare"),
         calls)


def show_aps(vcpus, ways):
    show(f"Instructions of each AP, {vcpus} vCPUs", ("", "instr."), ways)


def show_boots(boots):
    names = {"tdcall": "TDCALLs", "tdvmcall": "TDVMCALLs", "ve": "#VE", "vmexit": "#VMEXITs"}
    rows = []
    for vcpus, runs in boots.items():
        for key, name in names.items():
            counts = [run[key] for run in runs]
            ratio = f"{counts[1] / counts[0]:.1f}" if len(counts) == 2 and counts[0] != 0 else "-"
            rows.append((f"{vcpus} vCPUs: {name}", counts[0], *(counts[1:] or "-"), ratio))
    show("From reset to the kernel's entry, 1 GiB", ("", "lintel", "OVMF", "OVMF / lintel"), rows)


def show_instructions(instructions):
    show("Instructions from reset to the kernel's entry, 1 GiB, 1 vCPU, the machine's included",
         ("", "instr."), instructions)


def show_causes(causes):
    show("TDVMCALLs of lintel, 1 vCPU", ("", "calls"), causes.items())


def show_accepts(accepts):
    rows = []
    for i, (memory, pages) in enumerate(ACCEPT_BOOTS):
        for key, name in (("accept", "ACCEPTs"), ("vmexit", "#VMEXITs")):
            rows.append((f"{memory}, pages of {pages}: {name}",
                         *(runs[i][key] if i < len(runs) else "-" for runs in accepts.values())))
    show("Accepted memory, from reset to the kernel's entry", ("", *accepts), rows)


def show_shares(shares):
    show("Accepted by several vCPUs, what is above 4 GiB left, from reset to the kernel's entry",
         ("", "ACCEPTs", "#VMEXITs", "busiest vCPU", "instr., all"),
         [(share_name(boot), found["accept"], found["vmexit"], f"{found['busiest']:.1%}",
           found["instructions"]) for boot, found in zip(SHARE_BOOTS, shares)])


def share_name(boot):
    memory, pages, vcpus = boot
    return f"{memory}, {vcpus} vCPUs, host's pages {pages}"


# Alone, as CPU time depends on what runs beside.
def measure_boots_of_linux(runner, ovmf):
    """Turns by boot; none where there is no stock kernel."""
    if not bench_cpu.has_kernel(runner.build):
        return {}
    try:
        return bench_cpu.measure(runner.build, ovmf)
    except subprocess.CalledProcessError as error:
        raise Failure(str(error)) from error


def linux_name(vcpus, pages, firmware, turns):
    return f"{firmware}, {vcpus} vCPUs, host's pages {pages}, {len(turns)} turns"


def show_boots_of_linux(summaries):
    if not summaries:
        print("No stock kernel: no CPU time (make kernel)\n", flush=True)
        return
    show("A stock kernel to user space, quiet, 2 GiB: CPU time and memory, TD by plain VM",
         ("", "x VM", "TD s", "VM s", "TD MiB", "VM MiB"),
         [(name, f"{found['ratio']:.2f}", f"{found['td_seconds']:.1f}",
           f"{found['vm_seconds']:.1f}", found["td_mib"], found["vm_mib"])
          for name, found in summaries.items()])


# ---- Lintel beside OVMF --------------------------------------------------------------------------

# Of boots to the kernel's entry, as OVMF's differ.
TURNS = 3


def write_beside(runner, ovmf, boots, instructions, linux):
    heads = [bench_table.qemu_version(), bench_table.package_of(ovmf)]
    package = pathlib.Path(runner.file(bench_cpu.KERNEL + ".package"))
    if package.exists():
        heads.append(package.read_text(encoding="utf-8").strip())
    columns = [bench_table.column(
        counts, instructions[name],
        {vcpus: turns for (vcpus, pages, who), turns in linux.items()
         if who == name.lower() and pages == "2M"})
        for name, counts in zip(("lintel", "OVMF"), zip(*boots))]
    with open(runner.file("bench.md"), "w", encoding="utf-8") as out:
        out.write(bench_table.markdown(heads, *columns))


def show_memory(deeds, sizes):
    show("The host's memory: what one thing costs (a fault and a MapGPA of 2 MiB are an exit each)",
         ("", "SEAMCALLs", "kicks"),
         [(name, *numbers) for name, numbers in deeds.items()])
    pages = 256     # of a MiB
    show("The same by size, 4 KiB pages: SEAMCALLs a page",
         ("MiB", "map", "zap", "kicks"),
         [(size, f"{mapped / size / pages:.3f}", f"{zapped / size / pages:.3f}", kicks)
          for size, (mapped, zapped, kicks) in sizes.items()])


def number_list(text):
    if not re.fullmatch(r"[1-9]\d?(,[1-9]\d?)*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of vCPU counts")
    return [int(number) for number in text.split(",")]


def parse_arguments(argv):
    parser = argparse.ArgumentParser(prog="boot-tests/bench.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build directory (build)")
    parser.add_argument("--vcpus", type=number_list, default=list(VCPUS), metavar="N,...",
                        help="boots with so many vCPUs (1,2,4,8)")
    parser.add_argument("--aps", type=int, choices=range(2, 65), default=APS_VCPUS, metavar="N",
                        help="vCPUs of the AP path's figures, 2 to 64 (4)")
    parser.add_argument("--ovmf", default=OVMF, metavar="FD", help=f"OVMF ({OVMF})")
    return parser.parse_args(argv)


def main(argv):
    arguments = parse_arguments(argv)
    runner = Runner(arguments.build)
    # Counts do not depend on what runs beside: two at a time.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        boots = {n: start_boots(pool, runner, arguments.ovmf, n) for n in arguments.vcpus}
        beside = [start_boots(pool, runner, arguments.ovmf, 1) for _ in range(TURNS)]
        causes = pool.submit(measure_causes, runner)
        instructions = pool.submit(measure_instructions, runner, arguments.ovmf)
        lazy = make_image(runner, "lazy")
        accepts = start_accepts(pool, runner, lazy)
        aps = pool.submit(measure_aps, runner, arguments.aps)
        shares = [pool.submit(measure_share, runner, lazy, *boot) for boot in SHARE_BOOTS]
        calls = pool.submit(measure_calls, runner)
        try:
            calls = calls.result()
            aps = aps.result()
            boots = {n: [run.result() for run in runs] for n, runs in boots.items()}
            beside = [[run.result() for run in runs] for runs in beside]
            causes = causes.result()
            instructions = instructions.result()
            accepts = {name: [run.result() for run in runs] for name, runs in accepts.items()}
            shares = [run.result() for run in shares]
            memory = measure_memory(runner)
            linux = measure_boots_of_linux(runner, arguments.ovmf)
        except Failure as failure:
            pool.shutdown(cancel_futures=True)
            print(f"bench: {failure}", file=sys.stderr)
            return 1
    show_calls(calls)
    show_memory(*memory)
    show_aps(arguments.aps, aps)
    show_boots(boots)
    show_instructions(instructions)
    show_causes(causes)
    show_accepts(accepts)
    show_shares(shares)
    summaries = {linux_name(*boot, turns): bench_cpu.summary(turns)
                 for boot, turns in linux.items()}
    show_boots_of_linux(summaries)
    write_beside(runner, arguments.ovmf, beside, dict(instructions), linux)
    with open(runner.file("bench.json"), "w", encoding="utf-8") as out:
        json.dump({
            "calls": {name: cost for name, cost, _ in calls},
            "memory": dict(zip(("deeds", "sizes"), memory)),
            "aps": {"vcpus": arguments.aps} | dict(aps),
            "boots": {n: dict(zip(("lintel", "ovmf"), runs)) for n, runs in boots.items()},
            "instructions": dict(instructions),
            "causes": causes,
            "accepted": {name: dict(zip(map(", ".join, ACCEPT_BOOTS), runs))
                         for name, runs in accepts.items()},
            "shares": dict(zip(map(share_name, SHARE_BOOTS), shares)),
            "linux": summaries,
        }, out, indent=1)
        out.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
