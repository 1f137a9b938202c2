# Tests of tools/tdgdb.py: memory of a TD through both page tables, and gdb at a TD that runs.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""python3 -m pytest boot-tests/tdgdb_test.py"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = os.path.join(ROOT, "build")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import tdgdb  # noqa: E402

SHARED = 1 << 47
SEEN, VCPU, VMCB, NESTED, CR3, TDMRS, PAMT = (
    0x1000, 0x2030, 0x3000, 0x10000, 0x40000000, 0x5000, 0x6000)
# A machine whose structures are not laid out as ours: tdgdb.py has no layout of its own.
NAMES = {
    "svm_seen": (SEEN, 4 * 24), "tdmrs": (TDMRS, 3 * 56),
    "gdb.svm_seen": (0, 24), "gdb.svm_seen.inside": (4, 4), "gdb.svm_seen.vcpu": (8, 8),
    "gdb.svm_vcpu.vmcb": (0x18, 8), "gdb.vmcb.control.n_cr3": (0x3F0, 8),
    "gdb.vcpu.svm": (0x30, 0x400), "gdb.vcpu.ve": (0x10, 0x20),
    "gdb.ve_area.valid": (0, 2), "gdb.ve_area.exit_reason": (2, 2),
    "gdb.ve_area.exit_qualification": (4, 4), "gdb.ve_area.gla": (8, 8), "gdb.ve_area.gpa": (16, 8),
    "gdb.tdmr": (0, 56), "gdb.tdmr.next": (8, 8), "gdb.tdmr.pamt_4k": (16, 8),
    "gdb.tdmr.base": (32, 8), "gdb.tdmr.size": (40, 8),
    "gdb.pamt_entry": (0, 32), "gdb.pamt_entry.bepoch": (0, 8), "gdb.pamt_entry.owner": (8, 8),
    "gdb.pamt_entry.level": (16, 1), "gdb.pamt_entry.type": (20, 2),
    "gdb.sept_state": (54, 5), "gdb.sept_state.MAPPED": (1, 0),
    "gdb.sept_state.PENDING": (0x1C, 0), "gdb.page_type.TDR": (1, 0), "gdb.page_type.REG": (3, 0),
}
PRESENT = 0x27


class Memory:
    """QEMU's stub without QEMU: memory of the host, and registers."""

    def __init__(self):
        self.pages, self.registers, self.free = {}, {}, 0x100000
        self.put(SEEN, struct.pack("<4xIQ", 1, VCPU))
        self.put(VCPU + 0x18, struct.pack("<Q", VMCB))
        self.put(VMCB + 0x3F0, struct.pack("<Q", NESTED))
        self.page(NESTED)
        self.page(TDMRS)
        self.registers = {"cr0": 0, "cr3": CR3, "cr4": 0, "efer": 0x500}

    def page(self, address):
        return self.pages.setdefault(address & ~0xFFF, bytearray(4096))

    def put(self, address, data):
        self.page(address)[address % 4096:address % 4096 + len(data)] = data

    def read(self, address, size):
        assert address % 4096 + size <= 4096
        if address & ~0xFFF not in self.pages:
            raise tdgdb.Unreadable("no memory")
        return bytes(self.page(address)[address % 4096:address % 4096 + size])

    def write(self, address, data):
        self.put(address, data)

    def word(self, address):
        return int.from_bytes(self.read(address, 8), "little")

    def register(self, name):
        return self.registers[name]

    def take(self):
        self.free += 0x1000
        self.page(self.free)
        return self.free

    def map(self, table, address, entry, level, levels, place):
        """Tables of this many levels lead to the entry; place: of a table in the host's memory."""
        for at in reversed(range(level + 1, levels)):
            where = place(table) + 8 * (address >> (12 + 9 * at) & 511)
            if not self.word(where):
                self.put(where, struct.pack("<Q", self.new_table(place) | PRESENT))
            table = self.word(where) & tdgdb.PTE_ADDRESS
        where = place(table) + 8 * (address >> (12 + 9 * level) & 511)
        self.put(where, struct.pack("<Q", entry))

    def new_table(self, place):
        page = self.take()
        if place(0) != 0:  # the guest's tables are found by GPA
            self.nest(page, page)
        return page

    def nest(self, gpa, page, level=0, levels=4, state=PRESENT):
        large = tdgdb.PTE_PS if level else 0
        self.map(NESTED, gpa, page | state | large, level, levels, lambda at: at)


def guest(levels=4):
    """A TD with paging on, whose CR3 is mapped; tables are found where they are in the host."""
    memory = Memory()
    memory.registers["cr0"] = 1 << 31
    memory.registers["cr4"] = 1 << 12 if levels == 5 else 0
    memory.nest(CR3, 0x80000)
    memory.page(0x80000)
    return memory, tdgdb.Td(memory, NAMES, 4)


def map_linear(memory, linear, gpa, level=0, levels=4):
    """Identity-nested tables but for the root."""
    def place(table):
        return 0x80000 if table == CR3 else table or 1
    memory.map(CR3, linear, gpa | PRESENT | (tdgdb.PTE_PS if level else 0), level, levels, place)


def test_without_paging_an_address_is_a_gpa():
    memory = Memory()
    page = memory.take()
    memory.nest(0xFFFFF000, page)
    memory.put(page + 0xFF0, b"reset")
    td = tdgdb.Td(memory, NAMES, 4)
    assert td.inside()
    assert td.read(0xFFFFFFF0, 5) == b"reset"
    with pytest.raises(tdgdb.Unreadable, match="GPA 0x1000 is not mapped"):
        td.read(0x1000, 1)


@pytest.mark.parametrize("levels", [4, 5])
def test_private_and_shared_are_two_pages(levels):
    memory, td = guest(levels)
    private, shared = memory.take(), memory.take()
    memory.put(private, b"private")
    memory.put(shared, b"shared!")
    memory.nest(0x5000, private)
    memory.nest(0x5000 | SHARED, shared)
    map_linear(memory, 0x1000, 0x5000, levels=levels)
    map_linear(memory, 0x2000, 0x5000 | SHARED, levels=levels)
    assert td.read(0x1000, 7) == b"private"
    assert td.read(0x2000, 7) == b"shared!"


def test_large_pages_of_both():
    memory, td = guest()
    memory.nest(0x200000, 0x40000000, level=1)
    memory.put(0x40000000 + 0x12345, b"here")
    map_linear(memory, 0x40000000, 0, level=2)
    assert td.read(0x40000000 + 0x212345, 4) == b"here"


def test_a_nested_tree_of_five_levels():
    memory = Memory()
    page = memory.take()
    memory.nest(0x7000, page, levels=5)
    memory.put(page, b"five")
    assert tdgdb.Td(memory, NAMES, 5).read(0x7000, 4) == b"five"


def test_what_ends_in_a_page_that_is_not_there():
    memory, td = guest()
    memory.nest(0x5000, memory.take())
    map_linear(memory, 0x1000, 0x5000)
    map_linear(memory, 0x2000, 0x6000)  # not in the nested tables: not accepted
    assert td.read(0x1FFE, 8) == bytes(2)
    with pytest.raises(tdgdb.Unreadable, match="GPA 0x6000 is not mapped"):
        td.read(0x2000, 8)
    with pytest.raises(tdgdb.Unreadable, match="linear address 0x3000 is not mapped"):
        td.read(0x3000, 8)
    with pytest.raises(tdgdb.Unreadable):
        td.write(0x1FFE, b"12345678")
    assert td.read(0x1FFE, 2) == bytes(2), "nothing is written by halves"


def test_writes_cross_pages():
    memory, td = guest()
    pages = memory.take(), memory.take()
    for i, page in enumerate(pages):
        memory.nest(0x5000 + 0x1000 * i, page)
        map_linear(memory, 0x8000 + 0x1000 * i, 0x6000 - 0x1000 * i)
    td.write(0x8FFC, b"abcdefgh")
    assert bytes(memory.page(pages[1])[-4:]) == b"abcd"
    assert bytes(memory.page(pages[0])[:4]) == b"efgh"
    assert td.read(0x8FFC, 8) == b"abcdefgh"


def test_paging_of_another_kind_is_refused():
    memory, td = guest()
    memory.registers["efer"] = 0
    with pytest.raises(tdgdb.Unreadable, match="not in long mode"):
        td.read(0x1000, 1)


def test_monitor_sept():
    memory = Memory()
    td = tdgdb.Td(memory, NAMES, 4)
    memory.nest(0x5000, 0x77000, state=0x70 << 52)
    memory.nest(0x6000, 0x78000 | 1 << 54)
    lines = td.command(["sept", "0x5000"]).splitlines()
    assert [line[:7] for line in lines] == ["level 3", "level 2", "level 1", "level 0"]
    assert lines[0].endswith("unknown, page 0x101000")
    assert td.command(["sept", "0x6000"]).endswith(" MAPPED, page 0x78000\n")
    assert lines[3] == "level 0: 0x0700000000077000 PENDING, page 0x77000"
    assert td.command(["sept", "five"]) == "'five' is no address\n"
    td.cpu = 1
    with pytest.raises(tdgdb.Unreadable, match="CPU 1 has not run its vCPU yet"):
        td.command(["sept", "0"])


def test_monitor_ve():
    memory = Memory()
    td = tdgdb.Td(memory, NAMES, 4)
    memory.put(VCPU - 0x20, struct.pack("<HHIQQ", 0xFFFF, 30, 0x3F80008, 0x10, 0x20))
    assert td.command(["ve"]) == ("vCPU 0: exit reason 30, qualification 0x3f80008, linear 0x10, "
                                  "GPA 0x20: not fetched\n")
    memory.put(VCPU - 0x20, bytes(2))
    assert td.command(["ve"]).endswith("fetched, or none yet\n")
    memory.put(SEEN, bytes(24))
    assert td.command(["ve"]) == "no vCPU has run yet\n"


def test_monitor_pamt():
    memory = Memory()
    td = tdgdb.Td(memory, NAMES, 4)
    memory.put(TDMRS + 56, struct.pack("<8xQQ8xQQ", 0x40002000, PAMT, 0x40000000, 0x40000000))
    memory.put(PAMT + 32, struct.pack("<QQB3xH", 7, 0x200001, 0, 3))
    assert td.command(["pamt", "0x40001234"]) == (
        "page 0x40001000: REG, level 0, TDR 0x200001000, BEPOCH 7\n")
    for outside in ("0x3ffff000", "0x40002000", "0x80000000"):
        with pytest.raises(tdgdb.Unreadable, match="is in no TDMR"):
            td.command(["pamt", outside])


def test_other_commands():
    td = tdgdb.Td(Memory(), NAMES, 4)
    assert td.command([]) == td.command(["help"]) == tdgdb.HELP
    assert td.command(["info", "registers"]) is None
    assert td.command(["sept"]) is None


def test_packets_come_in_any_pieces():
    stream = b"+$m1,2#00\x03$OK#9a-$#00"
    for size in range(1, len(stream) + 1):
        packets = tdgdb.Packets()
        found = [packet for at in range(0, len(stream), size)
                 for packet in packets.feed(stream[at:at + size])]
        assert found == [b"m1,2", b"\x03", b"OK", b""]


class Echo(Memory):
    """A QEMU that answers with what it is asked."""

    def __init__(self):
        super().__init__()
        self.sent, self.answers = [], []

    def send(self, packet):
        self.sent.append(packet)

    def receive(self):
        return self.answers.pop(0)

    def ask(self, packet):
        self.send(packet)
        return self.answers.pop(0) if self.answers else b"of QEMU"


@pytest.fixture
def session():
    ours, gdbs = socket.socketpair()
    qemu = Echo()
    with ours, gdbs:
        gdbs.settimeout(5)
        yield tdgdb.Session(ours, qemu, tdgdb.Td(qemu, NAMES, 4)), gdbs


def say(session, gdb, packet):
    session.from_gdb(packet)
    return gdb.recv(4096)


def test_memory_of_the_td_while_it_runs(session):
    session, gdb = session
    qemu = session.qemu
    qemu.nest(0x5000, qemu.take())
    assert say(session, gdb, b"M5004,2:4142") == b"+" + tdgdb.frame(b"OK")
    assert say(session, gdb, b"m5003,4") == b"+" + tdgdb.frame(b"00414200")
    assert say(session, gdb, b"m9000,4") == b"+" + tdgdb.frame(b"E14")
    assert say(session, gdb, b"M9000,1:00") == b"+" + tdgdb.frame(b"E14")
    assert say(session, gdb, b"X5000,0:") == b"+" + tdgdb.frame(b"")
    assert qemu.sent == []
    qemu.put(SEEN + 4, bytes(4))
    assert say(session, gdb, b"m5000,4") == b"+" + tdgdb.frame(b"of QEMU")
    assert qemu.sent == [b"m5000,4"]


def test_the_thread_that_gdb_looks_at_is_the_cpu(session):
    session, gdb = session
    session.qemu.answers = [b"OK", b"E22", b"OK", b"OK"]
    for packet, cpu in ((b"Hgp1.2", 1), (b"Hgp1.3", 1), (b"Hg1", 0), (b"Hc2", 0)):
        say(session, gdb, packet)
        assert session.td.cpu == cpu


def test_gdb_begins_with_the_cpu_that_has_stopped():
    ours, gdb = socket.socketpair()
    with ours, gdb:
        td = tdgdb.Td(Echo(), NAMES, 4)
        td.cpu = 2
        session = tdgdb.Session(ours, td.qemu, td)
        assert say(session, gdb, b"?") == b"+" + tdgdb.frame(b"T05thread:p01.03;")
        assert td.qemu.sent == [b"?", b"Hgp1.3"]


def test_a_resume_is_answered_when_the_td_stops(session):
    session, gdb = session
    session.from_gdb(b"vCont;c")
    session.from_gdb(b"\x03")
    assert gdb.recv(4096) == b"+"
    assert session.qemu.sent == [b"vCont;c", b"\x03"]
    session.qemu.answers = [b"T02thread:02;"]
    session.from_qemu()
    assert gdb.recv(4096) == tdgdb.frame(b"T02thread:02;")
    assert session.td.cpu == 1


def test_monitor_commands(session):
    session, gdb = session
    def monitor(text):
        return b"qRcmd," + text.encode().hex().encode()
    answer = say(session, gdb, monitor("help"))
    assert answer == b"+" + tdgdb.frame(tdgdb.HELP.encode().hex().encode())
    answer = say(session, gdb, monitor("pamt 0x0"))
    assert answer == b"+" + tdgdb.frame(b"0x0 is in no TDMR\n".hex().encode())
    session.qemu.answers = [b"O41", b"O42", b"OK"]
    answer = say(session, gdb, monitor("info mtree"))
    assert answer == b"+" + b"".join(tdgdb.frame(text) for text in (b"O41", b"O42", b"OK"))


# ---- at a TD that runs ---------------------------------------------------------------------------

built = pytest.mark.skipif(not os.path.exists(os.path.join(BUILD, "machine.elf")),
                           reason="nothing is built")


@pytest.fixture
def td():
    """(port, tdrun) of a TD that waits at its first instruction, or soon will."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
            [os.path.join(ROOT, "tools", "tdrun"), "--kernel", os.path.join(BUILD, "payload.bin"),
             "--append", "case=hello", "--memory", "64M", "--smp", "2", "--gdb", str(port),
             "--timeout", "120"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        yield port, process
        process.terminate()


def first_bytes():
    with open(os.path.join(BUILD, "shim.bin"), "rb") as image:
        return image.read()[-16:-14]


@built
def test_a_td_that_runs(td):
    port, process = td
    assert process.stderr.readline() == f"tdrun: gdb: target remote :{port}\n"
    shim_main = tdgdb.symbols(os.path.join(BUILD, "shim.elf"))["shim_main"][0]
    packets = tdgdb.Packets()
    with socket.create_connection(("127.0.0.1", port)) as gdb:
        def ask(packet):
            gdb.sendall(tdgdb.frame(packet))
            found = []
            while not found:
                found = list(packets.feed(gdb.recv(4096)))
            gdb.sendall(b"+")
            return found[0]
        def monitor(text):
            return bytes.fromhex(ask(b"qRcmd," + text.encode().hex().encode()).decode()).decode()
        assert ask(b"?").startswith(b"T05thread:p01.")
        assert ask(b"mfffffff0,2") == first_bytes().hex().encode(), "with paging off"
        assert ask(b"Z1,%x,1" % shim_main) == b"OK"
        assert ask(b"c").startswith(b"T05")
        assert ask(b"p10") == shim_main.to_bytes(8, "little").hex().encode()
        stack = int.from_bytes(bytes.fromhex(ask(b"p7").decode()), "little")
        assert ask(b"M%x,2:abcd" % stack) == b"OK"
        assert ask(b"m%x,2" % stack) == b"abcd"
        assert ask(b"M%x,8:%s" % (stack, bytes(8).hex().encode())) == b"OK"
        assert ask(b"m300000000000,4") == b"E14", "the TD has no such address"
        page = re.search(r"^level 0: \w+ MAPPED, page (\w+)$", monitor(f"sept {stack:#x}"),
                         re.MULTILINE).group(1)
        owned = re.fullmatch(rf"page {page}: REG, level 0, TDR (\w+), BEPOCH 0\n",
                             monitor(f"pamt {page}"))
        assert monitor(f"pamt {owned.group(1)}") == (
            f"page {owned.group(1)}: TDR, level 0, TDR 0x0, BEPOCH 0\n")
        assert ask(b"z1,%x,1" % shim_main) == b"OK"
        assert ask(b"D;1") == b"OK"
    console, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "payload: PASS hello" in console


SCRIPT = """
set pagination off
set confirm off
set architecture i386:x86-64
set tcp connect-timeout 60
target remote :{port}
echo \\n== first\\n
info registers rip cr0
output/x *(unsigned short *)0xfffffff0
echo \\n== shim\\n
hbreak shim_main
continue
backtrace 1
output td
stepi
info registers cr0
echo \\n== memory\\n
delete
hbreak wait_for_aps
continue
output info->vcpu_count
set var *(unsigned *)0x400000 = 0x600df00d
output/x *(unsigned *)0x400000
echo \\n== monitor\\n
monitor sept 0x400000
monitor ve
delete
echo \\n== not there\\n
output *(int *)0x300000000000
"""


def part(output, name):
    return re.search(rf"^== {name}$(.*?)(?:^== |\Z)", output, re.MULTILINE | re.DOTALL).group(1)


@built
@pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb: apt-get install gdb")
def test_gdb_at_a_td_that_runs(td, tmp_path):
    port, process = td
    script = tmp_path / "script"
    script.write_text(SCRIPT.format(port=port))
    output = subprocess.run(
        ["gdb", "-q", "-batch", "-x", script, os.path.join(BUILD, "shim.elf")], timeout=120,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False).stdout
    console, _ = process.communicate(timeout=120)
    first = part(output, "first")
    assert "0xfffffff0" in first and "[ NE ET PE ]" in first, "paging is off"
    assert f"{int.from_bytes(first_bytes(), 'little'):#x}" in first
    shim = part(output, "shim")
    assert "#0  shim_main (td=1," in shim and "PG" in shim
    memory = part(output, "memory")
    assert re.search(r"^20x600df00d$", memory, re.MULTILINE)
    assert "Cannot access memory at address 0x300000000000" in part(output, "not there")
    monitor = part(output, "monitor")
    assert re.search(r"^level 0: 0x06\w+ MAPPED, page 0x\w+$", monitor, re.MULTILINE)
    assert re.search(r"^vCPU 1: exit reason 0, .* fetched, or none yet$", monitor, re.MULTILINE)
    assert process.returncode == 0 and "payload: PASS hello" in console
