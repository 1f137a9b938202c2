# Reads the event log of a TD out of what it printed, replays it, and judges it.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Written from the specifications, with nothing of the writer's: TCG PC Client Platform Firmware
Profile 1.05 section 10, UEFI 2.10 38.4.1. The hashes are Python's."""

import dataclasses
import hashlib
import re
import struct

REGISTERS = 4
SHA384 = 0xC
DIGEST_SIZE = 48
UNTOUCHED = "00" * DIGEST_SIZE  # a register that nobody has extended
END = 0xFFFFFFFF
NO_ACTION, SEPARATOR, TAG, CONFIG, IPL = 3, 4, 6, 0xA, 0xD
BOOT_APPLICATION = 0x80000003
FIRMWARE_BLOB2, HANDOFF_TABLES2 = 0x8000000A, 0x8000000B
INITRD_TAG = struct.pack("<II13s", 0x8F3B22EC, 13, b"Linux initrd")
IGVM_MEMORY_MAP = b"IGVM MEMORY MAP"
# A line of the payload's case "measured" or of the initramfs's script "measured".
LINE = re.compile(r"^(?:payload|init): log ((?:[0-9a-f]{2})+)$", re.MULTILINE)


class Wrong(Exception):
    """What is wrong with the log, in one line."""


@dataclasses.dataclass
class Event:
    register: int   # RTMR[register]
    kind: int
    digest: bytes
    data: bytes


def from_output(output):
    """The log's bytes."""
    lines = LINE.findall(output)
    if not lines:
        raise Wrong("no event log in the output")
    return bytes.fromhex("".join(lines))


def first_event(log):
    """The offset after the first event, which says what the log is."""
    # It extends nothing, so its register means nothing: 0 by the specification, edk2 has 1.
    _, kind, digest, size = struct.unpack_from("<II20sI", log)
    if kind != NO_ACTION or any(digest):
        raise Wrong("the first event is not the log's header")
    signature, _, _, major, _, wide, count, algorithm, digest_size, vendor = struct.unpack_from(
        "<16sIBBBBIHHB", log, 32)
    if signature != b"Spec ID Event03\0" or (major, wide) != (2, 2) or size != 33 + vendor:
        raise Wrong("header of another log")
    if (count, algorithm, digest_size) != (1, SHA384, DIGEST_SIZE):
        raise Wrong("digests that are not SHA-384 alone")
    return 32 + size


def read(log):
    """All events but the first."""
    events = []
    try:
        at = first_event(log)
        while at < len(log) and log[at:at + 4] != b"\xff" * 4:
            index, kind, count, algorithm, digest, size = struct.unpack_from("<IIIH48sI", log, at)
            if not 1 <= index <= REGISTERS or count != 1 or algorithm != SHA384:
                raise Wrong(f"event at {at:#x}: register {index}, {count} digests")
            at += 66 + size
            if at > len(log):
                raise Wrong("the log ends within an event")
            events.append(Event(index - 1, kind, digest, log[at - size:at]))
    except struct.error as error:
        raise Wrong(f"the log ends within an event: {error}") from error
    return events


def sha384(data):
    return hashlib.sha384(data).digest()


def replay(events):
    """The four registers as text."""
    registers = [bytes(DIGEST_SIZE)] * REGISTERS
    for event in events:
        if event.kind != NO_ACTION:
            registers[event.register] = sha384(registers[event.register] + event.digest)
    return [register.hex() for register in registers]


def is_uki(kernel):
    """Its command line is in it, and no event."""
    return kernel[:2] == b"MZ" and kernel[0x202:0x206] != b"HdrS"


def image_digest(image):
    """That of a PE image, by which UEFI measures it: without its checksum and signatures.
    [Windows Authenticode PE signature format, "Calculating the PE image hash"]"""
    pe = struct.unpack_from("<I", image, 0x3C)[0]
    sections, optional = struct.unpack_from("<H", image, pe + 6)[0], pe + 24
    table = optional + struct.unpack_from("<H", image, pe + 20)[0]
    headers = struct.unpack_from("<I", image, optional + 60)[0]
    checksum, certificates = optional + 64, optional + 144
    data = image[:checksum] + image[checksum + 4:certificates] + image[certificates + 8:headers]
    end = headers
    for start, size in sorted(struct.unpack_from("<II", image, table + 40 * i + 16)[::-1]
                              for i in range(sections)):
        data += image[start:start + size]
        end += size
    return sha384(data + image[end:])


def expected_files(kernel, initrd, append):
    """(register, kind, digest) of each event of what we load; None: the image has it."""
    events = []
    if kernel is not None:
        events.append((1, FIRMWARE_BLOB2, sha384(kernel)))
    if append is not None:
        events.append((2, IPL, sha384(append.encode())))
    if initrd is not None:
        events.append((2, TAG, sha384(initrd)))
    return events


def expected(kernel, initrd, append):
    """(register, kind, digest or None) of each event of our firmware."""
    events = [(0, HANDOFF_TABLES2, None)] + [(0, CONFIG, None)] * 3
    events += [(register, SEPARATOR, sha384(bytes(4))) for register in (0, 1)]
    return events + expected_files(kernel, initrd, append)


def judge_edk2(events, initrd):
    """Of its digests the initrd's alone is that of a file: it comes from Linux's EFI stub."""
    if [event.digest for event in events if event.data == INITRD_TAG] != [sha384(initrd)]:
        raise Wrong("digest of the initrd")


def judge_lintel(events, kernel, initrd, append, igvm=False):
    """All events, in their order. igvm: started from an IGVM file, whose host has no TD HOB."""
    wanted = expected(kernel, initrd, append)
    if igvm:
        wanted[0] = (0, CONFIG, None)
        if events and events[0].data != IGVM_MEMORY_MAP:
            raise Wrong(f"the first event is {events[0].data}")
    if [event[:2] for event in wanted] != [(event.register, event.kind) for event in events]:
        raise Wrong(f"events {[(event.register, hex(event.kind)) for event in events]}")
    for (register, kind, digest), event in zip(wanted, events):
        if digest not in (None, event.digest):
            raise Wrong(f"RTMR[{register}]: digest of the event of type {kind:#x}")
        if kind == IPL and event.data != append.encode():
            raise Wrong(f"the log has the command line {event.data}")


def judge_uefi(events, kernel, initrd, append, application):
    """Of edk2's events those of what our application loaded, after that of the application."""
    own = {(1, BOOT_APPLICATION), (1, FIRMWARE_BLOB2), (2, IPL), (2, TAG)}
    found = [(event.register, event.kind, event.digest) for event in events
             if (event.register, event.kind) in own and not event.data.startswith(b")Fv(")]
    wanted = [(1, BOOT_APPLICATION, image_digest(application)),
              *expected_files(kernel, initrd, append)]
    if found != wanted:
        raise Wrong("events of the application and its files: "
                    + ", ".join(f"RTMR[{register}] {kind:#x} {digest.hex()[:8]}"
                                for register, kind, digest in found))
    if [event.data for event in events if event.kind == IPL] != [append.encode()]:
        raise Wrong("the log has another command line")


def judge(writer, output, registers, kernel, initrd, append, application=None):
    """Raises Wrong unless the log in the output replays to the registers and fits the files and the
    command line that the TD was given; writer: lintel, igvm (lintel, from an IGVM file), edk2 or
    uefi, our application under edk2."""
    events = read(from_output(output))
    if replay(events) != registers:
        raise Wrong(f"the log replays to {replay(events)}, the machine has {registers}")
    if writer == "edk2":
        judge_edk2(events, initrd)
    elif writer == "uefi":
        judge_uefi(events, kernel, initrd, append, application)
    else:
        judge_lintel(events, kernel, initrd, append, writer == "igvm")
