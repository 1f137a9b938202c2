#!/usr/bin/python3
# Checks the includes of the tree: layers, no circles, nothing of a host's libc in firmware.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tools/check-layers.py [ROOT]

    linker  <-  arch  <-  loader  <-  { shim, tools, boot-tests }
    boot-tests:  machine  <-  module  <-  vmm  <-  vmm/script  <-  selftest
                 payload stands beside them, selftest talks to it;
                 ap-example is a firmware with parts of shim and payload; unit and fuzz see all

A file of a layer includes files of its own layer and of those it is built on; <system headers> are
those that a freestanding compiler brings, but for programs of the host. Prints each violation, then
"N files, N violations"; exits with 1 if there is a violation or no file at all.
"""

import pathlib
import re
import sys

BELOW = {"linker", "arch", "loader"}
LAYERS = {
    "linker": set(),
    "arch": {"linker"},
    "loader": {"linker", "arch"},
    "shim": BELOW,
    "tools": BELOW,
    "boot-tests/machine": BELOW,
    "boot-tests/module": BELOW | {"boot-tests/machine"},
    "boot-tests/vmm": BELOW | {"boot-tests/machine", "boot-tests/module"},
    "boot-tests/vmm/script": BELOW | {"boot-tests/machine", "boot-tests/module", "boot-tests/vmm"},
    "boot-tests/selftest": BELOW | {"boot-tests/machine", "boot-tests/module", "boot-tests/vmm",
                                    "boot-tests/vmm/script", "boot-tests/payload"},
    "boot-tests/payload": BELOW,
    "boot-tests/bench": BELOW,
    "boot-tests/ap-example": BELOW | {"shim", "boot-tests/payload"},
}
ALL = set(LAYERS)
LAYERS["boot-tests/unit"] = ALL
LAYERS["boot-tests/fuzz"] = ALL | {"boot-tests/unit"}
# The bridge from C to nasm is never linked; it reads what nasm code needs.
BRIDGE = "arch/asm/offsets.c"
HOST_PROGRAMS = {"tools", "boot-tests/unit", "boot-tests/fuzz"}

FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
# Made by the Makefile from a file of the layer arch.
GENERATED = {"asm_offsets.inc": "arch"}
SUFFIXES = {".c", ".h", ".nasm", ".inc", ".S"}
INCLUDE = re.compile(r'^\s*[#%]\s*include\s+([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer of a path from the root, or None."""
    folders = [str(folder) for folder in pathlib.PurePosixPath(path).parents]
    return next((folder for folder in folders if folder in LAYERS), None)


def judge(root, layer, allowed, quote, target):
    """Why a file of the layer may not include the target; None if it may."""
    if quote == "<":
        if layer in HOST_PROGRAMS or target in FREESTANDING:
            return None
        return f"<{target}> is no header of a freestanding program"
    target_layer = GENERATED.get(target)
    if target_layer is None:
        if not (root / target).is_file():
            return f'"{target}" is no path from the root'
        target_layer = layer_of(target)
    if target_layer == layer or target_layer in allowed:
        return None
    return f'{layer} may not include "{target}"'


def check_file(root, path):
    layer = layer_of(path)
    if layer is None:
        yield f"{path}: stands in no layer"
        return
    allowed = BELOW if path == BRIDGE else LAYERS[layer]
    text = (root / path).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        reason = judge(root, layer, allowed, *match.groups()) if match else None
        if reason:
            yield f"{path}:{number}: {reason}"


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
    root = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else __file__).resolve()
    if root.is_file():
        root = root.parent.parent
    paths = list(sources(root))
    violations = [line for path in paths for line in check_file(root, path)]
    print("".join(f"{line}\n" for line in violations), end="")
    print(f"{len(paths)} files, {len(violations)} violations")
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
