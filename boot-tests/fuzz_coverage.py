#!/usr/bin/python3
# How much of each parser its fuzzer reaches: a table, by clang's source coverage.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds the fuzzers of PARSERS with coverage, runs the inputs of boot-tests/fuzz/corpus and
BUILD/corpus once, and prints for each parser the lines that have run, of how many."""

import argparse
import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
import fuzz_corpus  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What each fuzzer is for.
PARSERS = {
    "bzimage_fuzz": ["loader/payload/bzimage.c"],
    "elf_fuzz": ["loader/payload/elf.c"],
    "uki_fuzz": ["loader/payload/uki.c", "loader/payload/pe_headers.c"],
    "pe_digest_fuzz": ["loader/image/pe_digest.c"],
    "igvm_fuzz": ["loader/image/igvm_read.c"],
    "igvm_map_fuzz": ["shim/host/igvm_map.c"],
    "tdvf_fuzz": ["loader/image/tdvf_read.c"],
    "image_fuzz": ["loader/image/image_check.c"],
    "hob_fuzz": ["shim/host/hob_read.c"],
    "acpi_fuzz": ["shim/host/acpi.c", "shim/host/acpi_tables.c"],
    "acpi_pin_fuzz": ["loader/image/acpi_pin.c"],
    "fw_cfg_fuzz": ["shim/host/fw_cfg_read.c"],
    "uefi_options_fuzz": ["loader/uefi/uefi_options.c"],
    "uefi_acpi_fuzz": ["loader/uefi/uefi_acpi.c"],
}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, cwd=ROOT, **options)


def coverage(build, fuzzer, sources):
    """{source: (lines run, lines)}."""
    program, profile = build / "cover" / fuzzer, build / "cover" / f"{fuzzer}.profraw"
    run(program, "-runs=0", *fuzz_corpus.folders(fuzzer, build),
        env={"LLVM_PROFILE_FILE": str(profile)}, stderr=subprocess.DEVNULL)
    run("llvm-profdata", "merge", "-o", profile.with_suffix(".data"), profile)
    told = run("llvm-cov", "export", "-summary-only", "-instr-profile",
               profile.with_suffix(".data"), program, *sources, stdout=subprocess.PIPE).stdout
    return {str(pathlib.Path(part["filename"]).relative_to(ROOT)):
            (part["summary"]["lines"]["covered"], part["summary"]["lines"]["count"])
            for part in json.loads(told)["data"][0]["files"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    build = parser.parse_args().build.resolve()
    programs = (build / "cover" / name for name in PARSERS)
    run("make", "-s", "-j2", f"B={build}", "CC=clang", *programs)
    for fuzzer, sources in PARSERS.items():
        for source, (covered, count) in sorted(coverage(build, fuzzer, sources).items()):
            print(f"{fuzzer:18} {source:28} {covered:4} of {count:4} lines"
                  f" {100 * covered / count:6.1f} %")


if __name__ == "__main__":
    main()
