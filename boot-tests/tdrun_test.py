# Tests of tools/tdrun with a QEMU that is a script: arguments, exit status, files, clean-up.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""python3 -m pytest boot-tests/tdrun_test.py"""

import json
import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TDRUN = os.path.join(ROOT, "tools", "tdrun")
STATS = {
    "accept": {"4K": 7, "2M": 512}, "accept_size_mismatch": 0, "exits": [10, 20],
    "td_exits": [1, 2], "seamcall": {"VP.ENTER": 3}, "tdcall": {"VP.VMCALL": 1200, "VP.INFO": 1},
    "tdvmcall": {"IO": 1000, "MapGPA": 200}, "ve": {"CPUID": 4}, "mrtd": "ab" * 48,
}

# Writes the arguments as JSON to $FAKE/arguments, runs $FAKE/script with write(), leave().
FAKE_QEMU = """#!{python}
import json, os, sys, time
here = {here!r}
json.dump(sys.argv[1:], open(os.path.join(here, "arguments"), "w"))
json.dump(os.getpid(), open(os.path.join(here, "pid"), "w"))
def value(prefix):
    found = [a for a in sys.argv if a.startswith(prefix)]
    return found[0][len(prefix):]
def write(text):
    with open(value("file,id=machine,path=").replace(",,", ","), "a") as console:
        console.write(text)
def leave(code, reason="", stats={stats!r}):
    write("E " + reason + "\\nS " + stats + "\\n")
    sys.exit(code << 1 | 1)
exec(open(os.path.join(here, "script")).read())
"""


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path)


class Fake:
    def __init__(self, path):
        self.path = path
        self.temporary = path / "tmp"
        self.temporary.mkdir()
        qemu = path / "qemu"
        qemu.write_text(FAKE_QEMU.format(python=sys.executable, here=str(path),
                                         stats=json.dumps(STATS)))
        qemu.chmod(0o755)
        for name in ("firmware", "elf", "kernel", "initrd"):
            (path / name).write_bytes(b"x" * 100)

    def command(self, *arguments):
        machine = [] if "tdx" in arguments else ["--machine-elf", str(self.path / "elf")]
        return [sys.executable, TDRUN, "--qemu", str(self.path / "qemu"), *machine,
                "--firmware", str(self.path / "firmware"), *arguments]

    def environment(self):
        return dict(os.environ, TMPDIR=str(self.temporary))

    def run(self, script, *arguments, **options):
        (self.path / "script").write_text(script)
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                              env=self.environment(), timeout=30, **options)
        assert os.listdir(self.temporary) == [], "temporary files are left"
        return done

    def arguments(self):
        return json.loads((self.path / "arguments").read_text())

    def option(self, name):
        """All values of one QEMU option."""
        given = self.arguments()
        return [given[i + 1] for i, word in enumerate(given) if word == name]


@pytest.mark.parametrize("code, text", [
    (0, "the TD powered itself off"), (10, "fatal error"), (11, "a vCPU died"),
    (12, "the host stopped the TD"), (13, "a bug of the machine"), (14, "asked for a reset"),
    (2, "wrong set-up")])
def test_exit_status_is_the_machines(fake, code, text):
    done = fake.run(f"leave({code}, 'because of that')")
    assert done.returncode == code
    assert text in done.stderr
    assert ("because of that" in done.stderr) == (code != 0)


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def test_each_exit_status_means_the_same_everywhere():
    header = read("arch/lintel/exit_status.h")
    statuses = {int(number): meaning for number, meaning in re.findall(
        r"^\tEXIT_\w+ = (\d+), +/\* (.*) \*/$", header, re.MULTILINE)}
    assert len(statuses) == header.count("\tEXIT_") >= 8
    tdrun = runpy.run_path(TDRUN)
    assert tdrun["VERDICT"] == statuses
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", read("tools/README.md"), re.MULTILINE))
    assert {int(number) for number in rows} == set(statuses)
    for number, meaning in statuses.items():
        assert f"{number} {meaning}" in " ".join(tdrun["__doc__"].split())
        assert rows[str(number)].startswith(meaning)


def test_registers_of_a_dead_vcpu_are_printed(fake):
    script = "write('L hello\\nV vCPU 1: CR2 0x123\\n'); leave({})"
    assert "vCPU 1: CR2 0x123" in fake.run(script.format(11), "--quiet").stderr
    assert "hello" not in fake.run(script.format(11)).stderr
    assert "CR2" not in fake.run(script.format(0)).stderr


@pytest.mark.parametrize("script, text", [
    ("sys.stderr.write('qemu: no such machine\\n'); sys.exit(1)", "qemu: no such machine"),
    ("sys.exit(0)", "status 0"),
    ("os.kill(os.getpid(), 9)", "signal 9"),
    ("write('E QEMU must run with -cpu max\\n'); sys.exit(2 << 1 | 1)", "with -cpu max"),
])
def test_a_qemu_that_does_not_start_is_2(fake, script, text):
    done = fake.run(script)
    assert done.returncode == 2
    assert text in done.stderr


@pytest.mark.parametrize("script, text", [
    ("leave(5)", "status 11"),
    ("write('L TD\\n'); os.kill(os.getpid(), 9)", "signal 9"),
    ("write('E half a run\\n'); sys.exit(1)", "half a run"),
])
def test_a_qemu_that_dies_otherwise_is_12(fake, script, text):
    done = fake.run(script)
    assert done.returncode == 12
    assert text in done.stderr


# A QEMU whose monitor answers as QEMU's does.
MONITOR = """
import socket
monitor = socket.socket(fileno=int(value("socket,id=monitor,fd=")))
monitor.sendall(b'{"QMP": {}}\\n{"event": "RESUME"}\\n')
asked = []
for line in iter(lambda: monitor.recv(4096).decode(), ""):
    command = json.loads(line)
    asked.append([command["execute"], *command["arguments"].values()])
    if command["execute"] == "query-cpus-fast":
        monitor.sendall(b'{"return": [{"cpu-index": 0}, {"cpu-index": 1}]}\\n')
    else:
        monitor.sendall(b'{"return": {}}\\n')
    if command["execute"] == "inject-nmi":
        json.dump(asked, open(os.path.join(here, "asked"), "w"))
        write("V vCPU 1: RIP 0x1234\\n")
        leave(124, "the time is over")
"""


def test_timeout_asks_the_machine_where_it_stands(fake):
    done = fake.run(MONITOR, "--timeout", "1", "--stats", str(fake.path / "stats"))
    assert done.returncode == 124
    for text in ("timeout", "the time is over", "vCPU 1: RIP 0x1234", "1,201 (VP.VMCALL"):
        assert text in done.stderr
    assert json.loads((fake.path / "stats").read_text()) == STATS
    mce = "human-monitor-command"
    assert json.loads((fake.path / "asked").read_text()) == [
        ["qmp_capabilities"], ["query-cpus-fast"], [mce, "mce 0 9 0x8000000000000000 0 0 0"],
        [mce, "mce 1 9 0x8000000000000000 0 0 0"], ["inject-nmi"]]


@pytest.mark.parametrize("end", ["time.sleep(60)", "os.close(int(value('socket,id=monitor,fd='))); "
                                 "time.sleep(60)"])
def test_timeout_kills_a_machine_that_does_not_answer(fake, end):
    start = time.monotonic()
    done = fake.run("write('E last words\\n'); " + end, "--timeout", "1")
    assert done.returncode == 124
    assert time.monotonic() - start < 25
    assert "timeout" in done.stderr and "last words" in done.stderr
    assert "where its vCPUs stand: killed" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_kills_qemu_and_cleans_up(fake, number):
    (fake.path / "script").write_text("time.sleep(60)")
    process = subprocess.Popen(fake.command(), stdin=subprocess.DEVNULL, env=fake.environment())
    pid_file = fake.path / "pid"
    for _ in range(100):
        if pid_file.exists() and pid_file.read_text():
            break
        time.sleep(0.1)
    pid = json.loads(pid_file.read_text())
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert os.listdir(fake.temporary) == []


@pytest.mark.parametrize("arguments", [
    ("--memory", "12Q"), ("--memory", "0"), ("--memory", "1M"), ("--memory", "2052K"),
    ("--memory", "-1G"),
    ("--memory", "2M1"), ("--smp", "0"), ("--smp", "two"), ("--smp", "2,"), ("--smp", ""),
    ("--timeout", "0"), ("--timeout", "nan"), ("--timeout", "x"),
    ("--kernel", "/no/such/file"), ("--initrd", "/"), ("--firmware", "/no/such/file"),
    ("--machine-elf", "/no/such/file"), ("--qemu", "/no/such/file"), ("--stats", "/no/such/file"),
    ("--trace", "/"), ("--report", "/"), ("--report", "/dev/null", "--trace", "/dev/null"),
    ("--report", "/dev/null", "--second-firmware", "/dev/null"),
    ("--accel", "tdx", "--report", "/dev/null"), ("--trace-only", "accept"),
    ("--unknown",), ("stray",), ("--mem", "1G"),
    ("--gpaw", "50"), ("--gpaw", ""), ("--threads", "2"), ("--threads", "multi", "--icount"),
    ("--mapgpa-retry", "0"), ("--mapgpa-retry", "2K"), ("--mapgpa-again", "0"),
    ("--mapgpa-r11", "shared"), ("--page-size", "1G"), ("--sept-ve-disable", "no"),
    ("--volume", "/no/such/folder"), ("--volume", "/dev/null"),
    ("--disk", "/no/such/file"), ("--net", "tap"), ("--vnc", ":1"),
    ("--second-firmware", "/no/such/file"), ("--second-smp", "1"),
    ("--second-memory", "64M"),
    ("--second-firmware", "/dev/null", "--second-smp", "0"),
    ("--second-firmware", "/dev/null", "--smp", "4,maxcpus=8"),
    ("--gdb", "0"), ("--gdb", "x"), ("--accel", "kvm"), ("--print-command",),
    ("--accel", "tdx", "--stats", "/dev/null"), ("--accel", "tdx", "--la57"),
    ("--host-files", "/dev/null/folder"), ("--accel", "tdx", "--host-files", "/tmp"),
    ("--accel", "tdx", "--pic", "on"), ("--host-script", "/no/such/file"), ("--hold", "1"),
    ("--accel", "tdx", "--host-script", "/dev/null"), ("--accel", "tdx", "--threads", "multi"),
])
def test_wrong_usage_is_2(fake, arguments):
    done = fake.run("leave(0)", *arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert not (fake.path / "arguments").exists(), "QEMU was started"


def test_command_line_of_qemu(fake):
    fake.run("leave(0)", "--memory", "512M", "--smp", "4")
    assert fake.option("-accel") == ["tcg,thread=single"]
    assert fake.option("-machine") == [
        f"q35,smm=off,pic=off,max-ram-below-4g={512 << 20},memory-backend=ram"]
    assert fake.option("-cpu") == ["max,phys-bits=48,la57=off"]
    assert fake.option("-smp") == ["4"]
    assert fake.option("-bios") == [str(fake.path / "machine.rom")]
    assert f"loader,file={fake.path / 'elf'}" in fake.option("-device")
    ports = dict(re.findall(r"^#define MACHINE_(\w+)_PORT (\w+)$",
                            read("arch/lintel/exit_status.h"), re.MULTILINE))
    assert sorted(ports) == ["EXIT", "LOG"]
    assert f"isa-debugcon,iobase={ports['LOG']},chardev=machine" in fake.option("-device")
    assert f"isa-debug-exit,iobase={ports['EXIT']}" in fake.option("-device")
    # Low RAM, and from 4 GiB to the pool at 8 GiB + 64 MiB with room for the TD.
    needed = 512 + 4096 + 64 + 512 + 8 + 256
    assert needed <= int(fake.option("-m")[0].rstrip("M")) <= needed + 1
    # It need not be there before it is written.
    assert fake.option("-object") == [
        f"memory-backend-ram,id=ram,size={fake.option('-m')[0]},reserve=off"]


@pytest.mark.parametrize("kib, machine, base_gib", [
    (6 << 20, "elf", 8), ((6 << 20) + 8, "elf_high", 66), (64 << 20, "elf_high", 66)])
def test_the_machine_lies_above_the_td(fake, kib, machine, base_gib):
    fake.run("leave(0)", "--memory", f"{kib}K")
    assert f"loader,file={fake.path / machine}" in fake.option("-device")
    needed = 2048 + (base_gib - 4) * 1024 + 64 + (kib + kib // 64) // 1024 + 256
    assert needed <= int(fake.option("-m")[0].rstrip("M")) <= needed + 1


def test_gdb_and_further_arguments(fake):
    fake.run("leave(0)", "--gdb", "--qemu-arg=-d", "--qemu-arg=int,cpu_reset")
    assert re.fullmatch(r"unix:/.*/gdb,server=on,wait=off", *fake.option("-gdb"))
    assert "-S" in fake.arguments()
    assert fake.option("-d") == ["int,cpu_reset"]
    fake.run("leave(0)", "--accel", "tdx", "--gdb")
    assert fake.option("-gdb") == ["tcp:127.0.0.1:1234"]
    fake.run("leave(0)", "--accel", "tdx", "--gdb", "4321")
    assert fake.option("-gdb") == ["tcp:127.0.0.1:4321"]
    fake.run("leave(0)")
    assert fake.option("-gdb") == [] and "-S" not in fake.arguments()


def test_qemu_loads_no_igvm_file_for_tdx(fake, tmp_path):
    firmware = tmp_path / "my.igvm"
    firmware.write_bytes(b"IGVM" + bytes(20))
    done = fake.run("sys.exit(0)", "--accel", "tdx", "--firmware", str(firmware))
    assert done.returncode == 2 and "QEMU loads no IGVM file for TDX" in done.stderr
    firmware.write_bytes(b"IGVN")
    done = fake.run("sys.exit(0)", "--accel", "tdx", "--firmware", str(firmware))
    assert "IGVM" not in done.stderr


@pytest.mark.parametrize("accel", [(), ("--accel", "tdx")])
def test_a_volume_is_a_disk_that_a_td_can_use(fake, accel):
    folder = fake.path / "a,b"
    folder.mkdir()
    fake.run("leave(0)", "--volume", str(folder), *accel)
    assert fake.option("-drive") == [
        f"if=none,id=volume,format=raw,readonly=on,file=fat:{fake.path}/a,,b"]
    # Its firmware reads it through shared memory, which it must be told.
    assert "virtio-blk-pci,drive=volume,disable-legacy=on,iommu_platform=on" in (
        fake.option("-device"))


def devices(*arguments):
    """What QEMU gets of devices, whatever it runs."""
    tdrun = runpy.run_path(TDRUN)
    given = ["--qemu", "true", "--firmware", "/dev/null", *arguments]
    told = [tdrun["more_arguments"](tdrun["parse_arguments"]([*given, *more]), "stub")
            for more in (["--accel", "tdx"], ["--machine-elf", "/dev/null"])]
    assert told[0] == told[1]
    return told[0]


def test_disks(tmp_path):
    (tmp_path / "a,b").write_bytes(b"QFI\xfa")
    (tmp_path / "c").write_bytes(b"QFI\xfb")
    (tmp_path / "d").write_bytes(b"")
    wanted = []
    for i, (kind, name) in enumerate((("raw", "a,,b"), ("qcow2", "c"), ("raw", "d"))):
        wanted += ["-drive", f"if=none,id=disk{i},format={kind},file={tmp_path}/{name}", "-device",
                   f"virtio-blk-pci,drive=disk{i},disable-legacy=on,iommu_platform=on"]
    assert devices(*(f"--disk={tmp_path / name}" for name in ("a,b", "c", "d"))) == wanted


def test_network():
    for given, netdev in (("user", "user,id=net"),
                          ("user,hostfwd=tcp::2222-:22,net=10.1.0.0/16",
                           "user,id=net,hostfwd=tcp::2222-:22,net=10.1.0.0/16")):
        assert devices("--net", given) == [
            "-netdev", netdev, "-device",
            "virtio-net-pci,netdev=net,romfile=,disable-legacy=on,iommu_platform=on"]
    assert devices("--net", "none", "--vnc", "none") == [] and devices() == []
    for text in ("user,", "user,a=b,c", "user,a=", "userx", ""):
        with pytest.raises(SystemExit) as ended:
            devices("--net", text)
        assert ended.value.code == 2


# The last one made has standard input.
@pytest.mark.parametrize("accel", [(), ("--accel", "tdx")])
def test_virtio_console(fake, accel):
    fake.run("leave(0)", *accel)
    assert "stdio,id=serial" in fake.option("-chardev")
    assert fake.option("-serial") == ["chardev:serial"]
    assert [device for device in fake.option("-device") if device.startswith("virt")] == []
    fake.run("leave(0)", "--virtio-console", *accel)
    assert "stdio,id=serial,mux=on" in fake.option("-chardev")
    assert fake.option("-serial") == ["chardev:serial"]
    assert [device for device in fake.option("-device") if device.startswith("virt")] == [
        "virtio-serial-pci,disable-legacy=on,iommu_platform=on", "virtconsole,chardev=serial"]
    given = fake.arguments()
    assert given.index("-serial") < given.index("virtconsole,chardev=serial")


def test_options_by_qemus_names(fake):
    other = fake.path / "other"
    other.write_bytes(b"y")
    done = fake.run("sys.exit(0)", "--bios", str(other), "-m", "512M", "--accel", "tdx")
    assert done.returncode == 0
    assert fake.option("-bios") == [str(other)] and fake.option("-m") == ["512M"]


def test_command_line_of_a_td_on_hardware(fake):
    done = fake.run("sys.exit(0)", "--accel", "tdx", "--memory", "3G", "--smp", "4", "--kernel",
                    str(fake.path / "kernel"), "--append", "console=ttyS0 quiet", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    given = fake.arguments()
    done = fake.run("sys.exit(1)", "--accel", "tdx", "--memory", "3G", "--smp", "4", "--kernel",
                    str(fake.path / "kernel"), "--append", "console=ttyS0 quiet",
                    "--print-command")
    assert (done.returncode, done.stderr) == (0, "")
    assert shlex.split(done.stdout) == [str(fake.path / "qemu"), *given]
    assert fake.option("-object") == ["tdx-guest,id=tdx0"]
    assert fake.option("-machine") == ["q35,confidential-guest-support=tdx0"]
    assert fake.option("-accel") == ["kvm"] and fake.option("-cpu") == ["host"]
    assert fake.option("-bios") == [str(fake.path / "firmware")]
    assert fake.option("-m") == ["3072M"] and fake.option("-smp") == ["4"]
    assert fake.option("-kernel") == [str(fake.path / "kernel")]
    assert fake.option("-append") == ["console=ttyS0 quiet"]
    assert fake.option("-vga") == ["none"] and "-nodefaults" in given
    assert fake.option("-initrd") == [] and "-pflash" not in given


@pytest.mark.parametrize("script, code, text", [
    ("sys.stderr.write('TDX guest reports fatal error: error code: 0x0 error message:\"why\"\\n');"
     "sys.exit(1)", 10, "why"),
    ("sys.stderr.write('no TDX here\\n'); sys.exit(1)", 2, "no TDX here"),
    ("os.kill(os.getpid(), 9)", 12, "signal 9"),
    ("time.sleep(60)", 124, "timeout")])
def test_verdict_of_a_td_on_hardware(fake, script, code, text):
    done = fake.run(script, "--accel", "tdx", "--timeout", "2")
    assert done.returncode == code
    assert text in done.stderr


# QEMU itself parses the command: it gets as far as /dev/kvm, which is not there, or has no TDX.
def test_command_line_of_a_td_by_qemu_itself(fake):
    qemu = shutil.which("qemu-system-x86_64")
    if qemu is None or "tdx-guest" not in subprocess.run(
            [qemu, "-object", "help"], capture_output=True, text=True).stdout:
        pytest.skip("this QEMU has no tdx-guest object (10.1 is the first that has)")
    (fake.path / "firmware").write_bytes(bytes(65536))
    done = subprocess.run([sys.executable, TDRUN, "--accel", "tdx", "--firmware",
                           str(fake.path / "firmware"), "--memory", "512M", "--timeout", "10"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "KVM" in done.stderr and "roperty" not in done.stderr, done.stderr


def test_threads(fake):
    fake.run("leave(0)", "--threads", "multi")
    assert fake.option("-accel") == ["tcg,thread=multi"]
    fake.run("leave(0)")
    assert fake.option("-accel") == ["tcg,thread=single"]


@pytest.mark.parametrize("version, words, threads", [
    ("8.1.0", ["--smp", "2"], "multi"),
    ("11.0.50 (v11)", ["--smp", "4,sockets=2"], "multi"),
    ("8.0.9", ["--smp", "2"], "single"),
    ("7.2.22 (Debian 1:8.1)", ["--smp", "2"], "single"),
    ("8.1.0", ["--smp", "1"], "single"),
    ("8.1.0", ["--smp", "2", "--icount"], "single"),
    ("8.1.0", ["--smp", "1", "--second-firmware", "/dev/null"], "multi"),
    ("of no number", ["--smp", "2"], "single"),
])
def test_threads_by_version(fake, version, words, threads):
    fake.run(f"""
if sys.argv[1:] == ["--version"]:
    print("QEMU emulator version {version}\\nCopyright (c) version 9.9")
    sys.exit(0)
leave(0)""", "--threads", "auto", *words)
    assert fake.option("-accel") == [f"tcg,thread={threads}"]


def test_second_td(fake):
    script = """
write("N second TD: gone\\n")
open(value("file,id=second,path="), "w").write("hello\\r\\nhalf")
config = open(value("name=opt/lintel/config,file=")).read().split()
leave(config[-2:] != ["second_smp=3", f"second_memory={128 << 20}"])
"""
    done = fake.run(script, "--memory", "512M", "--smp", "4", "--second-firmware",
                    str(fake.path / "firmware"), "--second-smp", "3", "--second-memory", "128M")
    assert done.returncode == 0
    assert done.stdout == "second: hello\nsecond: half\n"
    assert "tdrun: second TD: gone\n" in done.stderr
    assert fake.option("-smp") == ["7"]
    assert fake.option("-serial") == ["chardev:serial", "chardev:second"]
    # Private memory, and what it shares.
    needed = 512 + 4096 + 64 + 512 + 2 * 128 + 12 + 256
    assert needed <= int(fake.option("-m")[0].rstrip("M")) <= needed + 1


# A TD of 2.5 GiB has it below 4 GiB: 2 GiB of it where QEMU's is, the rest in the pool.
@pytest.mark.parametrize("memory, pool", [("3G", 3072), ("2560M", 2560 + 512)])
def test_low_ram_is_at_most_2_gib(fake, memory, pool):
    fake.run("leave(0)", "--memory", memory)
    assert fake.option("-machine") == [
        f"q35,smm=off,pic=off,max-ram-below-4g={2 << 30},memory-backend=ram"]
    needed = 2048 + 4096 + 64 + pool + pool // 64 + 256
    assert needed <= int(fake.option("-m")[0].rstrip("M")) <= needed + 1


def test_memory_is_any_that_qemu_takes(fake):
    fake.run("leave(0)", "--memory", "65544K")
    assert fake.option("-machine") == [
        f"q35,smm=off,pic=off,max-ram-below-4g={65544 << 10},memory-backend=ram"]


@pytest.mark.parametrize("smp", ["1", "64", "cpus=3,sockets=2,cores=2", "4,maxcpus=8"])
def test_smp_is_passed_on(fake, smp):
    assert fake.run("leave(0)", "--smp", smp).returncode == 0
    assert fake.option("-smp") == [smp]


def test_files_reach_the_machine(fake):
    copy = """
import shutil
for i, a in enumerate(sys.argv):
    if a == "-fw_cfg":
        name, path = sys.argv[i + 1].split(",file=")
        shutil.copy(path.replace(",,", ","), os.path.join(here, "seen-" + name.split("/")[-1]))
leave(0)
"""
    comma = fake.path / "a,b"
    comma.write_bytes(b"kernel with a comma")
    done = fake.run(copy, "--kernel", str(comma), "--initrd", str(fake.path / "initrd"),
                    "--append", "console=ttyS0 a=b,c", "--memory", "2G",
                    "--trace", str(fake.path / "trace"))
    assert done.returncode == 0
    seen = {name: (fake.path / f"seen-{name}").read_bytes()
            for name in ("config", "firmware", "kernel", "initrd", "cmdline")}
    assert seen["config"] == b"memory=2147483648\ntrace=1\n"
    assert seen["firmware"] == seen["initrd"] == b"x" * 100
    assert seen["kernel"] == b"kernel with a comma"
    assert seen["cmdline"] == b"console=ttyS0 a=b,c"


def settings_of(fake, *options):
    """What the machine is told beside the size of the memory."""
    done = fake.run("lines = open(value('name=opt/lintel/config,file=')).read().split()\n"
                    "assert lines[0] == f'memory={1 << 30}'\n"
                    "write('L ' + ' '.join(lines[1:]) + '\\n'); leave(0)",
                    *options, "--machine-log")
    return [line for line in done.stderr.splitlines()
            if line.startswith("machine: ")][0].split()[1:]


@pytest.mark.parametrize("image, option, lines", [
    (b"x", "auto", []), (b"x\xb9\xec\xff\0\0x", "auto", ["rbp_mod=on"]),
    (b"x\xb9\xcc\xff\0\0x", "auto", []), (b"x\xb9\xec\xff\0\0x", "off", []),
    (b"x", "on", ["rbp_mod=on"])])
def test_rbp_mod_by_firmware_or_option(fake, image, option, lines):
    (fake.path / "firmware").write_bytes(image)
    assert settings_of(fake, "--rbp-mod", option) == lines


# Nested paging has as many levels as the CPU, so that GPAW 52 wants 5; the TD has them by --la57.
@pytest.mark.parametrize("options, cpu, lines", [
    ([], "max,phys-bits=48,la57=off", []),
    (["--gpaw", "48"], "max,phys-bits=48,la57=off", []),
    (["--la57"], "max,phys-bits=52,la57=on", ["la57=1"]),
    (["--gpaw", "52"], "max,phys-bits=52,la57=on", ["gpaw=52"]),
    (["--la57", "--gpaw", "52"], "max,phys-bits=52,la57=on", ["la57=1", "gpaw=52"])])
def test_address_widths(fake, options, cpu, lines):
    assert settings_of(fake, *options) == lines
    assert fake.option("-cpu") == [cpu]


@pytest.mark.parametrize("image, option, lines", [
    (b"x", "auto", []), (b"x" * 40 + b"_FVH", "auto", ["temp_mem=zero"]),
    (b"x" * 41 + b"_FVH", "auto", []), (b"x", "zero", ["temp_mem=zero"]),
    (b"x" * 40 + b"_FVH", "garbage", [])])
def test_temp_mem_by_firmware_or_option(fake, image, option, lines):
    (fake.path / "firmware").write_bytes(image)
    assert settings_of(fake, "--temp-mem", option) == lines


# What the host does otherwise than KVM.
@pytest.mark.parametrize("options, lines", [
    ([], []),
    (["--page-size", "4K"], []), (["--page-size", "2M"], ["page_size=2M"]),
    (["--mapgpa-retry", "64K"], ["mapgpa_retry=65536"]),
    (["--mapgpa-again", "2", "--mapgpa-r11", "gpa"], ["mapgpa_again=2", "mapgpa_r11=gpa"]),
    (["--debug-td"], ["debug_td=1"]),
    (["--max-vcpus", "8"], ["max_vcpus=8"]),
    (["--sept-ve-disable", "flexible"], ["sept_ve_disable=flexible"]),
    (["--sept-ve-disable", "on"], []),
    (["--wbinvd", "on"], ["wbinvd=on"]),
    (["--fw-cfg", "9.2"], ["fw_cfg=9.2"]),
    (["--fw-cfg", "10.2"], []),
    (["--pic", "on"], ["pic=on"]),
    (["--pic", "off"], []),
    (["--wbinvd", "off"], []),
    (["--module-version", "1.5"], []),
    (["--module-version", "1.0"], ["module_version=1.0"]),
    (["--mrtd-order", "section"], ["mrtd_order=section"]),
    (["--icount", "--selftest", "x"], ["icount=1", "selftest=x"]),
    (["--mapgpa-r11", "request"], [])])
def test_host_policy(fake, options, lines):
    assert settings_of(fake, *options) == lines


def test_each_row_of_the_table_is_an_option_or_known(fake):
    with open(os.path.join(os.path.dirname(TDRUN), "..", "boot-tests", "vmm", "settings.def"),
              encoding="utf-8") as table:
        names = re.findall(r"^[A-Z]+\((\w+),", table.read(), re.MULTILINE)
    text = subprocess.run([sys.executable, TDRUN, "--help"], capture_output=True, text=True,
                          check=True).stdout
    assert len(names) > 20 and len(set(names)) == len(names)
    for name in names:
        assert re.search(rf"^  --{name.replace('_', '-')}\b", text, re.MULTILINE), name


def test_examples_of_the_help_hold():
    tdrun = runpy.run_path(TDRUN)
    lines = tdrun["EXAMPLES"].replace("\\\n", "").splitlines()
    commands = [shlex.split(line) for line in lines if "    tdrun " in line]
    assert len(commands) >= 7
    files = ("vmlinuz", "initrd.img", "MY.fd", "OVMF.fd", "debian.img", "rules.txt")
    for command in commands:
        words = ["/dev/null" if word in files or word.endswith((".txt", ".json")) else word
                 for word in command[1:]]
        assert tdrun["parse_arguments"]([*words, "--qemu", "true", "--machine-elf=/dev/null"]
                                        if "tdx" not in words else [*words, "--qemu", "true"])


def complete(*words):
    """What bash offers for the last word."""
    script = ('. "$1/tools/completion.bash"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              'complete -p tdrun tdtest >/dev/null && lintel_complete "$1"; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", ROOT, *words], check=True, text=True,
                          capture_output=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_completion():
    assert complete(TDRUN, "--print") == ["--print-command"]
    assert {"--kernel", "--memory", "--bios", "--page-size"} <= set(complete(TDRUN, "--"))
    assert complete(TDRUN, "--threads", "") == ["single", "multi", "auto"]
    assert complete(TDRUN, "--threads", "m") == ["multi"]
    assert complete(TDRUN, "--gpaw", "") == ["48", "52"]
    # bash offers files then.
    assert complete(TDRUN, "--kernel", "") == [] and complete(TDRUN, "--kernel", "/a", "") == []
    assert complete(os.path.join(ROOT, "tools/tdtest"), "--j") == ["--jobs", "--junit"]


def test_an_installed_tdrun_has_its_tables_beside_it(fake):
    installed = fake.path / "bin"
    installed.mkdir()
    root = os.path.join(os.path.dirname(TDRUN), "..")
    shutil.copy(TDRUN, installed)
    (fake.path / "script").write_text("leave(0)")
    command = fake.command("--gpaw", "52")
    command[1] = str(installed / "tdrun")

    def run():
        return subprocess.run(command, capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL)

    for name in ("boot-tests/vmm/settings.def", "linker/memmap.h"):
        done = run()
        assert done.returncode == 2 and os.path.basename(name) in done.stderr, done.stderr
        shutil.copy(os.path.join(root, name), installed)
    assert run().returncode == 0


def test_absent_kernel_is_absent(fake):
    fake.run("leave(0)")
    names = {word.split(",")[0] for word in fake.option("-fw_cfg")}
    assert names == {"name=opt/lintel/" + name for name in ("config", "firmware", "cmdline")}


def test_stats_and_trace_files(fake):
    stats, trace = fake.path / "stats", fake.path / "trace"
    fake.run("write('L hello\\nT 12 0 one\\nT 13 1 two\\nrubbish\\n'); leave(10, 'why')",
             "--stats", str(stats), "--trace", str(trace))
    assert json.loads(stats.read_text()) == STATS
    assert trace.read_text() == "12 0 one\n13 1 two\n"


def test_the_report_is_of_this_run(fake):
    report = fake.path / "report.html"
    lines = "".join(f"T {line}\n" for line in (
        "10 0 vcpu_start", "20 0 tdcall leaf=VP.INFO count=1 last=20", "50 0 td_end"))
    fake.run(f"write({lines!r}); leave(10, 'why')", "--report", str(report), "--kernel",
             str(fake.path / "kernel"), "--append", "a <b>", "--smp", "2", "--icount")
    text = report.read_text()
    run = json.loads(re.search(r'id="runs">(.*?)</script>', text, re.DOTALL).group(1))["runs"][0]
    assert run["title"] == "firmware with kernel"
    assert dict(run["facts"]) == {
        "Firmware": "firmware", "Kernel": "kernel", "Command line": "a <b>", "vCPUs": "2",
        "Memory": "1024 MiB", "End": "the TD reported a fatal error", "MRTD": "ab" * 48}
    assert run["unit"] == "instructions"
    assert run["lanes"] == [{"cpu": 0, "phases": [["reset", 0, 10], ["long mode", 10, 40]]}]
    assert "report=1" in settings_of(fake, "--report", str(report))


def test_without_a_trace_there_is_no_report(fake):
    report = fake.path / "report.html"
    done = fake.run("leave(2, 'no firmware')", "--report", str(report))
    assert done.returncode == 2
    assert "tdrun: no report: the trace has no vCPU that starts" in done.stderr
    assert report.read_text() == ""


def test_files_of_the_host(fake):
    folder = fake.path / "a" / "host"
    lines = ["F td-hob 0102", "F etc/acpi/tables 00ff", "F td-hob 03", "F etc/acpi/tables aa55"]
    fake.run(f"write({chr(10).join(lines + [''])!r}); leave(0)", "--host-files", str(folder))
    assert (folder / "td-hob").read_bytes() == b"\1\2\3"
    assert (folder / "etc/acpi/tables").read_bytes() == b"\0\xff\xaa\x55"
    assert "host_files=1" in settings_of(fake, "--host-files", str(folder))


def test_broken_stats_are_said(fake):
    stats = fake.path / "stats"
    done = fake.run("leave(12, 'why', '{half')", "--stats", str(stats))
    assert done.returncode == 12
    assert "not JSON" in done.stderr
    assert json.loads(stats.read_text()) == {}


def test_summary_and_quiet(fake):
    done = fake.run("leave(0)")
    for text in ("vCPUs      2", "ab" * 48, "512 x 2M", "1,201 (VP.VMCALL 1,200", "MapGPA 200"):
        assert text in done.stderr
    assert fake.run("leave(0)", "--quiet").stderr == ""
    assert "why" in fake.run("leave(11, 'why')", "--quiet").stderr


def test_a_rule_that_never_fired_is_said(fake):
    (fake.path / "rules").write_text("# none\non HOB: a\non HOB: b\n")
    script = """
import shutil
shutil.copy(value("name=opt/lintel/script,file="), os.path.join(here, "seen"))
write("R 2 waits\\nR 3 waits\\nR 3 fired\\n")
leave({})
"""
    for code, options in ((0, ["--quiet"]), (11, [])):
        done = fake.run(script.format(code), "--host-script", str(fake.path / "rules"), *options)
        assert done.returncode == code
        assert [line for line in done.stderr.splitlines() if "script" in line] == [
            "tdrun: host script, line 2 never fired: on HOB: a"]
        assert (fake.path / "seen").read_text() == (fake.path / "rules").read_text()
    assert "never fired" not in fake.run(script.format(2), "--host-script",
                                         str(fake.path / "rules")).stderr


@pytest.mark.parametrize("name, rip, shown", [
    ("firmware.elf", 0x1005, " (start code.s:8)"),
    ("shim.elf", 0x1005, " (start code.s:8)"),
    ("other.elf", 0x1005, ""),
    ("firmware.elf", 0x5000, ""),
])
def test_a_place_in_the_firmware_has_its_name(fake, name, rip, shown):
    (fake.path / "code.s").write_text(".globl start\nstart:\n" + "nop\n" * 16 +
                                      ".type start, @function\n.size start, 16\n")
    subprocess.run(["as", "-g", "-o", "code.o", "code.s"], cwd=fake.path, check=True)
    subprocess.run(["ld", "-Ttext=0x1000", "-e", "start", "-o", name, "code.o"], cwd=fake.path,
                   check=True)
    done = fake.run(f"write('N vCPU 0, RIP {rip:#x}: uses\\n'); leave(0)")
    assert f"tdrun: vCPU 0, RIP {rip:#x}: uses{shown}\n" in done.stderr


def test_machine_log(fake):
    script = "write('L hello\\n'); leave(0)"
    assert "machine: hello" in fake.run(script, "--machine-log").stderr
    assert "hello" not in fake.run(script).stderr


ECHO = "sys.stdout.write(sys.stdin.read()[::-1]); leave(0)"


def test_standard_input_is_a_pipe(fake):
    done = fake.run(ECHO, input="abc", stdin=None)
    assert (done.returncode, done.stdout) == (0, "cba")


def test_standard_input_is_closed(fake):
    (fake.path / "script").write_text(ECHO)
    done = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *fake.command()],
                          capture_output=True, text=True, env=fake.environment(), timeout=30)
    assert (done.returncode, done.stdout) == (0, "")


def test_terminal_is_set_back_when_qemu_is_killed(fake):
    import pty
    import termios
    (fake.path / "script").write_text("""
import tty
tty.setraw(0)
time.sleep(60)
""")
    controller, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    done = subprocess.run(fake.command("--timeout", "1"), stdin=terminal, capture_output=True,
                          env=fake.environment(), timeout=30)
    assert done.returncode == 124
    assert termios.tcgetattr(terminal) == before
    os.close(controller)
    os.close(terminal)
