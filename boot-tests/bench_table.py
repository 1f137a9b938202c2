# One table of figures for Lintel and OVMF, side by side.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rows of figures that were measured several times, as Markdown."""

import datetime
import statistics
import subprocess

import bench_cpu

CHUNK_BYTES = 256   # that an MR.EXTEND measures
WHAT = """Counts are from reset to the kernel's entry, 1 vCPU, 1 GiB; then a stock kernel boots to
user space, 2 GiB. Pages of the host have 2 MiB. Medians, with ranges where turns differ."""
COUNTS = (("extend", "TDH.MR.EXTENDs"), ("tdcall", "TDCALLs"), ("tdvmcall", "TDVMCALLs"),
          ("ve", "#VEs"), ("accept", "TDG.MEM.PAGE.ACCEPTs"), ("vmexit", "#VMEXITs"))


def cell(values, form=","):
    """The median, and the range if they differ."""
    lowest, middle, highest = (format(of(values), form)
                               for of in (min, statistics.median_low, max))
    return middle if lowest == highest else f"{middle} ({lowest} to {highest})"


def column(boots, instructions, linux):
    """(name, cell) of each row, for one firmware. boots: the counts of each turn; linux: by vCPUs
    the turns of bench_cpu."""
    found = [("measured bytes", cell([boot["extend"] * CHUNK_BYTES for boot in boots]))]
    found += [(name, cell([boot[key] for boot in boots])) for key, name in COUNTS]
    found.append(("instructions, the machine's included", cell([instructions])))
    for vcpus, turns in linux.items():
        found += [(f"CPU time to user space by a plain VM's, vCPUs: {vcpus}",
                   cell(bench_cpu.ratios(turns), ".2f")),
                  (f"MemTotal, KiB, vCPUs: {vcpus}", cell([td.mem_total for td, _ in turns]))]
    return found


def qemu_version():
    told = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True,
                          check=True).stdout
    return "QEMU " + told.splitlines()[0].partition(" version ")[2]


def package_of(path):
    """Name and version of the Debian package that a file is of; else the file."""
    def query(*words):
        return subprocess.run(["dpkg-query", *words], capture_output=True, text=True,
                              check=False).stdout
    owner = query("-S", path).partition(":")[0]
    return query("-W", "-f", "${Package} ${Version}", owner) if owner else path


def markdown(heads, lintel, ovmf):
    """Of a column each."""
    lines = [", ".join((datetime.date.today().isoformat(), *heads)) + ".", "", WHAT, "",
             "| | Lintel | OVMF |", "|---|---:|---:|"]
    lines += [f"| {name} | {ours} | {theirs} |" for (name, ours), (_, theirs) in zip(lintel, ovmf)]
    return "\n".join(lines) + "\n"
