# gdb of a TD: a stub between gdb and QEMU's own that reads memory as the TD sees it.
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# QEMU's stub has registers and breakpoints of a TD that runs, but looks for its memory by the TD's
# page tables alone, as if these led to memory of QEMU. This one goes on by the nested tables, for
# private and shared addresses. All else it hands on. [gdb, "GDB Remote Serial Protocol"]

import re
import select
import socket
import struct
import sys
import threading
import time

CONNECT_SECONDS = 30
RESET_VECTOR = 0xFFFF_FFF0
PTE_P, PTE_PS, PTE_ADDRESS = 1, 1 << 7, 0x000F_FFFF_FFFF_F000
CR0_PG, CR4_LA57, EFER_LMA = 1 << 31, 1 << 12, 1 << 10
CHUNK = 1024  # bytes of memory in a packet
HELP = """monitor sept GPA: entries of the Secure EPT, and the state of the page
monitor ve: the last #VE of each vCPU, and whether the TD has fetched it
monitor pamt HPA: type and owner of a page of the host
all other words are QEMU's
"""


class Gone(Exception):
    """QEMU has ended."""


class Unreadable(Exception):
    """Why memory cannot be read or written."""


def symbols(path):
    """{name: (address, size)} of an ELF file of 64 bits."""
    with open(path, "rb") as elf:
        data = elf.read()
    offset, size, count = struct.unpack_from("<Q10xHH", data, 0x28)[0], *struct.unpack_from(
        "<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    found = {}
    for section in sections:
        if section[1] == 2:  # SHT_SYMTAB
            strings = sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 24):
                name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", data, at)
                end = data.index(b"\0", strings + name)
                found[data[strings + name:end].decode()] = (value, length)
    return found


def frame(payload):
    return b"$%s#%02x" % (payload, sum(payload) & 0xFF)


class Packets:
    """Packets out of a stream of bytes; an interrupt is b"\\x03"."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        self.rest += data
        while self.rest:
            if self.rest[:1] == b"\x03":
                self.rest = self.rest[1:]
                yield b"\x03"
            elif self.rest[:1] != b"$":
                self.rest = self.rest[1:]  # acknowledgements: the stream loses nothing
            else:
                end = self.rest.find(b"#")
                if end < 0 or len(self.rest) < end + 3:
                    return
                packet, self.rest = self.rest[1:end], self.rest[end + 3:]
                yield packet


class Qemu:
    """QEMU's stub."""

    def __init__(self, path):
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise Gone from None
                time.sleep(.05)
        self.packets, self.waiting = Packets(), []
        self.registers = None

    def send(self, packet):
        try:
            self.socket.sendall(packet if packet == b"\x03" else frame(packet))
        except OSError as error:
            raise Gone from error

    def receive(self):
        """The next packet, which is acknowledged."""
        try:
            while not self.waiting:
                data = self.socket.recv(65536)
                if not data:
                    raise Gone
                self.waiting += self.packets.feed(data)
            self.socket.sendall(b"+")
        except OSError as error:
            raise Gone from error
        return self.waiting.pop(0)

    def ask(self, packet):
        self.send(packet)
        return self.receive()

    def file(self, name):
        """A file of qXfer:features."""
        text = b""
        while True:
            answer = self.ask(b"qXfer:features:read:%s:%x,%x" % (name, len(text), 2000))
            text += re.sub(rb"}(.)", lambda m: bytes([m[1][0] ^ 0x20]), answer[1:], flags=re.DOTALL)
            if answer[:1] != b"m":
                return text.decode()

    def register(self, name):
        """Of the thread that g and m packets are about."""
        if self.registers is None:
            names = re.findall(r'<xi:include href="([^"]*)"', self.file(b"target.xml"))
            numbers, at = {}, 0
            for file in names:
                text = re.sub(r"<!--.*?-->", "", self.file(file.encode()), flags=re.DOTALL)
                for attributes in re.findall(r"<reg ([^>]*)>", text):
                    number = re.search(r'regnum="(\d+)"', attributes)
                    at = int(number.group(1)) if number else at
                    numbers[re.search(r'name="([^"]*)"', attributes).group(1)] = at
                    at += 1
            self.registers = numbers
        return int.from_bytes(bytes.fromhex(
            self.ask(b"p%x" % self.registers[name]).decode()), "little")

    def physical(self, packet):
        self.ask(b"Qqemu.PhyMemMode:1")
        try:
            return self.ask(packet)
        finally:
            self.ask(b"Qqemu.PhyMemMode:0")

    def read(self, address, size):
        answer = self.physical(b"m%x,%x" % (address, size))
        if len(answer) != 2 * size:
            raise Unreadable(f"no memory of the host at {address:#x}")
        return bytes.fromhex(answer.decode())

    def write(self, address, data):
        if self.physical(b"M%x,%x:%s" % (address, len(data), data.hex().encode())) != b"OK":
            raise Unreadable(f"no memory of the host at {address:#x}")

    def word(self, address):
        return int.from_bytes(self.read(address, 8), "little")


def walk(table, address, levels, read_entry):
    """(level, entry) of each table of 4 or 5 levels on the way, down to the first that maps a page
    or has no table below."""
    for level in reversed(range(levels)):
        entry = read_entry((table & PTE_ADDRESS) + 8 * (address >> (12 + 9 * level) & 511))
        yield level, entry
        if not entry & PTE_P or level == 0 or entry & PTE_PS:
            return
        table = entry


def translate(table, address, levels, read_entry, what):
    level, entry = list(walk(table, address, levels, read_entry))[-1]
    if not entry & PTE_P:
        raise Unreadable(f"{what} {address:#x} is not mapped")
    low = (1 << 12 + 9 * level) - 1
    return entry & PTE_ADDRESS & ~low | address & low


class Td:
    """What a stopped machine has of its TD, seen by one CPU. names: the machine's symbols; those
    that begin with "gdb." are its structures, see boot-tests/module/gdb_layout.c."""

    def __init__(self, qemu, names, levels):
        self.qemu, self.names, self.levels = qemu, names, levels
        self.cpu = 0

    def field(self, at, name):
        """STRUCT.FIELD of the structure at this address."""
        offset, size = self.names["gdb." + name]
        return int.from_bytes(self.qemu.read(at + offset, size), "little")

    def elements(self, array, struct_name):
        """Their addresses."""
        (base, size), (_, step) = self.names[array], self.names["gdb." + struct_name]
        return range(base, base + size, step)

    def name_of(self, kind, value):
        return next((name.rpartition(".")[2] for name, (number, _) in self.names.items()
                     if name.startswith(f"gdb.{kind}.") and number == value), "unknown")

    def seen(self, cpu):
        """The vCPU that the CPU has run last, 0: none, and whether it runs."""
        at = self.elements("svm_seen", "svm_seen")[cpu]
        return self.field(at, "svm_seen.vcpu"), self.field(at, "svm_seen.inside") != 0

    def look_at(self, stop):
        """From now on by the CPU of a stop reply."""
        thread = re.search(rb"thread:(?:p[\da-f]+\.)?([\da-f]+);", stop)
        if thread:
            self.cpu = int(thread.group(1), 16) - 1

    def inside(self):
        return self.seen(self.cpu)[1]

    def vcpu(self):
        vcpu = self.seen(self.cpu)[0]
        if vcpu == 0:
            raise Unreadable(f"CPU {self.cpu} has not run its vCPU yet")
        return vcpu

    def nested(self):
        return self.field(self.field(self.vcpu(), "svm_vcpu.vmcb"), "vmcb.control.n_cr3")

    def host_address(self, gpa):
        """Of a GPA with or without its SHARED bit."""
        return translate(self.nested(), gpa, self.levels, self.qemu.word, "GPA")

    def gpa(self, linear):
        if not self.qemu.register("cr0") & CR0_PG:
            return linear & 0xFFFF_FFFF
        if not self.qemu.register("efer") & EFER_LMA:
            raise Unreadable("the TD has paging on, and is not in long mode")
        levels = 5 if self.qemu.register("cr4") & CR4_LA57 else 4
        return translate(self.qemu.register("cr3"), linear, levels,
                         lambda at: self.qemu.word(self.host_address(at)), "linear address")

    def pieces(self, linear, size):
        """(host address, bytes) of each page of it, in small pieces."""
        while size > 0:
            piece = min(size, 4096 - linear % 4096, CHUNK)
            yield self.host_address(self.gpa(linear)), piece
            linear = linear + piece & 0xFFFF_FFFF_FFFF_FFFF
            size -= piece

    def read(self, linear, size):
        """As much as can be read; at least a byte."""
        data = b""
        try:
            for address, piece in self.pieces(linear, size):
                data += self.qemu.read(address, piece)
        except Unreadable:
            if not data:
                raise
        return data

    def write(self, linear, data):
        for address, piece in list(self.pieces(linear, len(data))):
            self.qemu.write(address, data[:piece])
            data = data[piece:]

    # ---- monitor ----

    def sept(self, gpa):
        text = ""
        lowest, bits = self.names["gdb.sept_state"]
        for level, entry in walk(self.nested(), gpa, self.levels, self.qemu.word):
            state = self.name_of("sept_state", entry >> lowest & (1 << bits) - 1)
            text += f"level {level}: {entry:#018x} {state}, page {entry & PTE_ADDRESS:#x}\n"
        return text

    def ve(self):
        text = ""
        svm, _ = self.names["gdb.vcpu.svm"]
        ve, _ = self.names["gdb.vcpu.ve"]
        for cpu in range(len(self.elements("svm_seen", "svm_seen"))):
            vcpu, _ = self.seen(cpu)
            if vcpu != 0:
                reason, valid, qualification, gla, gpa = (
                    self.field(vcpu - svm + ve, "ve_area." + name)
                    for name in ("exit_reason", "valid", "exit_qualification", "gla", "gpa"))
                state = "not fetched" if valid else "fetched, or none yet"
                text += (f"vCPU {cpu}: exit reason {reason}, qualification {qualification:#x}, "
                         f"linear {gla:#x}, GPA {gpa:#x}: {state}\n")
        return text or "no vCPU has run yet\n"

    def pamt(self, hpa):
        for tdmr in self.elements("tdmrs", "tdmr"):
            base, size, made, table = (self.field(tdmr, "tdmr." + name)
                                       for name in ("base", "size", "next", "pamt_4k"))
            if base <= hpa < base + size and hpa < made:
                entry = table + (hpa - base) // 4096 * self.names["gdb.pamt_entry"][1]
                kind, level, owner, epoch = (self.field(entry, "pamt_entry." + name)
                                             for name in ("type", "level", "owner", "bepoch"))
                return (f"page {hpa & ~0xFFF:#x}: {self.name_of('page_type', kind)}, "
                        f"level {level}, TDR {owner * 4096:#x}, BEPOCH {epoch}\n")
        raise Unreadable(f"{hpa:#x} is in no TDMR")

    def command(self, words):
        """What the words of a monitor command say; None: they are QEMU's."""
        try:
            if words[:1] == ["sept"] and len(words) == 2:
                return self.sept(int(words[1], 0))
            if words[:1] == ["pamt"] and len(words) == 2:
                return self.pamt(int(words[1], 0))
        except ValueError:
            return f"'{words[1]}' is no address\n"
        if words == ["ve"]:
            return self.ve()
        return HELP if words in ([], ["help"]) else None


# To these QEMU answers when it stops again, or never.
RESUMES = (b"c", b"C", b"s", b"S", b"vCont;", b"k")


class Session:
    """One gdb."""

    def __init__(self, gdb, qemu, td):
        self.gdb, self.qemu, self.td = gdb, qemu, td
        self.cpu = td.cpu  # that has stopped

    def reply(self, packet):
        self.gdb.sendall(frame(packet))

    def memory(self, packet):
        """The answer to m or M; None: QEMU's."""
        if not self.td.inside():
            return None
        place, _, data = packet[1:].partition(b":")
        address, size = (int(number, 16) for number in place.split(b","))
        try:
            if packet[:1] == b"m":
                return self.td.read(address, size).hex().encode()
            self.td.write(address, bytes.fromhex(data.decode()))
            return b"OK"
        except Unreadable:
            return b"E14"

    def monitor(self, packet):
        words = bytes.fromhex(packet.partition(b",")[2].decode()).decode(errors="replace").split()
        try:
            text = self.td.command(words)
        except Unreadable as error:
            text = f"{error}\n"
        return None if text is None else text.encode().hex().encode()

    def answer(self, packet):
        """Answers a packet of gdb."""
        text = None
        if packet[:1] in (b"m", b"M"):
            text = self.memory(packet)
        elif packet[:1] == b"X":
            text = b""  # gdb then takes M
        elif packet.startswith(b"qRcmd,"):
            text = self.monitor(packet)
        if text is None:
            text = self.qemu.ask(packet)
            while packet.startswith(b"qRcmd,") and text[:1] == b"O" and text != b"OK":
                self.reply(text)
                text = self.qemu.receive()
            if packet == b"?":  # QEMU looks at its first CPU, which need not be the one
                self.qemu.ask(b"Hgp1.%x" % (self.cpu + 1))
                text = b"T05thread:p01.%02x;" % (self.cpu + 1)
            thread = re.fullmatch(rb"Hg(?:p[\da-f]+\.)?([1-9a-f][\da-f]*)", packet)
            if thread and text == b"OK":
                self.td.cpu = int(thread.group(1), 16) - 1
        self.reply(text)

    def from_gdb(self, packet):
        if packet == b"\x03":
            self.qemu.send(packet)
            return
        self.gdb.sendall(b"+")
        if packet.startswith(RESUMES):
            self.qemu.send(packet)
        else:
            self.answer(packet)

    def from_qemu(self):
        packet = self.qemu.receive()
        self.td.look_at(packet)
        self.reply(packet)

    def run(self):
        """Until one of the two goes."""
        packets = Packets()
        while True:
            ready, _, _ = select.select([self.gdb, self.qemu.socket], [], [])
            if self.gdb in ready:
                data = self.gdb.recv(65536)
                if not data:
                    return
                for packet in packets.feed(data):
                    self.from_gdb(packet)
            if self.qemu.socket in ready or self.qemu.waiting:
                self.from_qemu()


def run_up(qemu, td):
    """Lets the machine build the TD, up to the first instruction of its first vCPU. The machine's
    own CPUs start there, too."""
    while not td.inside():
        qemu.ask(b"s")  # a breakpoint stops before its instruction
        qemu.ask(b"Z1,%x,1" % RESET_VECTOR)
        stop = qemu.ask(b"c")
        if stop[:1] != b"T":
            raise Gone
        td.look_at(stop)
        qemu.ask(b"z1,%x,1" % RESET_VECTOR)


def serve(port, path, machine, levels):
    try:
        qemu = Qemu(path)
        td = Td(qemu, symbols(machine), levels)
        run_up(qemu, td)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(1)
            print(f"tdrun: gdb: target remote :{port}", file=sys.stderr, flush=True)
            while True:
                gdb, _ = listener.accept()
                with gdb, qemu.socket:
                    try:
                        Session(gdb, qemu, td).run()
                    except ConnectionError:
                        pass  # of gdb's: the next may come
                # QEMU stops when it is connected to, so not before there is a gdb again.
                select.select([listener], [], [])
                qemu = td.qemu = Qemu(path)
    except Gone:
        pass  # which tdrun sees, too
    except OSError as error:
        print(f"tdrun: gdb: {error}", file=sys.stderr, flush=True)


def start(port, path, machine, levels):
    """Takes gdb's connections to a port of this host, on a thread of its own, for a QEMU whose stub
    is at a socket in the file system. machine: its ELF file; levels: of the nested tables."""
    threading.Thread(target=serve, args=(port, path, machine, levels), daemon=True).start()
