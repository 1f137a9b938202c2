#!/usr/bin/python3
# Checks the includes of the tree: layers, no circles, nothing of a host's libc in firmware.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tools/check-layers.py [ROOT]

    linker  <-  arch  <-  loader  <-  { loader/uefi, shim, tools, boot-tests }
    boot-tests:  machine  <-  module  <-  vmm  <-  vmm/script  <-  selftest
                 payload stands beside them;
                 ap-example is a firmware with the AP path of the shim; unit and fuzz see all

A file of a layer includes files of its own layer and of those it is built on; <system headers> are
those that a freestanding compiler brings, but for programs of the host.

Files of a name (x.c, x.h, x.nasm) are a unit; units do not include each other in a circle, but for
those that CIRCLES names. Prints each violation, then "N files, N violations"; exits with 1 if there
is a violation or no file at all.
"""

import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BELOW = {"linker", "arch", "loader"}
LAYERS = {
    "linker": set(),
    "arch": {"linker"},
    "loader": {"linker", "arch"},
    "loader/uefi": BELOW,
    "shim": BELOW,
    "tools": BELOW,
    "boot-tests/machine": BELOW,
    "boot-tests/module": BELOW | {"boot-tests/machine"},
    "boot-tests/vmm": BELOW | {"boot-tests/machine", "boot-tests/module"},
    "boot-tests/vmm/script": BELOW | {"boot-tests/machine", "boot-tests/module", "boot-tests/vmm"},
    "boot-tests/selftest": BELOW | {"boot-tests/machine", "boot-tests/module", "boot-tests/vmm",
                                    "boot-tests/vmm/script"},
    "boot-tests/payload": BELOW,
    "boot-tests/bench": BELOW,
    "boot-tests/paravisor": {"arch"},
    "boot-tests/ap-example": BELOW | {"shim"},
}
ALL = set(LAYERS)
LAYERS["boot-tests/unit"] = ALL
LAYERS["boot-tests/fuzz"] = ALL | {"boot-tests/unit"}
# The bridge from C to nasm is never linked; it reads what nasm code needs.
BRIDGE = "arch/asm/offsets.c"
ALONE = {"boot-tests/ap-example"}
HOST_PROGRAMS = {"tools", "boot-tests/unit", "boot-tests/fuzz"}

# Units that may include each other in a circle, by patterns, and why.
CIRCLES = [
    ({"shim/fatal", "shim/log", "shim/port"},
     "a port that the host refuses is fatal, which is said in the log, which is a port"),
    ({"boot-tests/unit/shim/whole_judge", "boot-tests/unit/shim/whole_shim"},
     "two halves of one test: the judge looks at what the TD has, which ends by being judged"),
]

FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
# gnu-efi's, which one file has: all else in that layer also runs on a host.
FIRMWARE_HEADERS = {"loader/uefi/uefi_services.c": {"efi.h"}}
# Made by the Makefile from a file of the layer arch.
GENERATED = {"asm_offsets.inc": "arch"}
SUFFIXES = {".c", ".h", ".nasm", ".inc", ".def", ".S"}
INCLUDE = re.compile(r'^\s*[#%]\s*include\s+([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer of a path from the root, or None."""
    folders = [str(folder) for folder in pathlib.PurePosixPath(path).parents]
    return next((folder for folder in folders if folder in LAYERS), None)


def judge(root, path, layer, allowed, quote, target):
    """Why a file of the layer may not include the target; None if it may."""
    if quote == "<":
        if (layer in HOST_PROGRAMS or target in FREESTANDING
                or target in FIRMWARE_HEADERS.get(path, ())):
            return None
        return f"<{target}> is no header of a freestanding program"
    # An example that is built elsewhere, too, has its own files beside itself.
    if layer in ALONE and (root / layer / target).is_file():
        return None
    target_layer = GENERATED.get(target)
    if target_layer is None:
        if not (root / target).is_file():
            return f'"{target}" is no path from the root'
        target_layer = layer_of(target)
    if target_layer == layer or target_layer in allowed:
        return None
    return f'{layer} may not include "{target}"'


def includes_of(root, path):
    """(line number, quote, target) each."""
    text = (root / path).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, *match.groups()


def check_file(root, path):
    layer = layer_of(path)
    if layer is None:
        yield f"{path}: stands in no layer"
        return
    allowed = BELOW if path == BRIDGE else LAYERS[layer]
    for number, quote, target in includes_of(root, path):
        reason = judge(root, path, layer, allowed, quote, target)
        if reason:
            yield f"{path}:{number}: {reason}"


def unit_of(path):
    return str(pathlib.PurePosixPath(path).with_suffix(""))


def circles(root, paths):
    """Sets of units that include each other, directly or by others."""
    includes = {unit_of(path): set() for path in paths}
    for path in paths:
        includes[unit_of(path)] |= {unit_of(target) for _, quote, target in
                                    includes_of(root, path) if quote == '"'}
    reached = {}
    for unit in includes:
        seen, ahead = set(), [unit]
        while ahead:
            new = includes.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        reached[unit] = seen
    # A unit includes its own header: that is no circle.
    found = {frozenset(other for other in reached[unit] | {unit} if unit in reached.get(other, ()))
             for unit in includes}
    return [circle for circle in found if len(circle) > 1]


def is_named(circle, patterns):
    return all(any(fnmatch.fnmatchcase(unit, pattern) for pattern in patterns) for unit in circle)


def check_circles(found):
    for circle in found:
        if not any(is_named(circle, patterns) for patterns, _ in CIRCLES):
            yield f"circle of includes: {', '.join(sorted(circle))}"


def check_excuses(found):
    """A row of CIRCLES for which there is no circle is none."""
    for patterns, _ in CIRCLES:
        if not any(is_named(circle, patterns) for circle in found):
            yield f"CIRCLES names what is no circle: {', '.join(sorted(patterns))}"


def sources(root):
    folders = {layer.split("/")[0] for layer in LAYERS}
    for folder in sorted(folders):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path.relative_to(root).as_posix()


def main():
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1].startswith("-")):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else ROOT
    paths = list(sources(root))
    violations = [line for path in paths for line in check_file(root, path)]
    found = circles(root, paths)
    violations += check_circles(found)
    if root == ROOT:
        violations += check_excuses(found)
    print("".join(f"{line}\n" for line in violations), end="")
    print(f"{len(paths)} files, {len(violations)} violations")
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
