# Tests of tools/tdtest and tools/tdcase.py, with a QEMU that is a script: files, verdicts, JUnit.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""python3 -m pytest boot-tests/tdtest_test.py"""

import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

import pytest

from tdrun_test import FAKE_QEMU, STATS

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import tdcase  # noqa: E402

TDTEST = tdcase.load_script(ROOT / "tools/tdtest")
SAMPLES = sorted((ROOT / "tools/samples").glob("*.toml"))


class Fake:
    """A folder with a QEMU that does what the kernel command line says, in Python."""

    def __init__(self, path):
        self.path = path
        qemu = path / "qemu"
        qemu.write_text(FAKE_QEMU.format(python=sys.executable, here=str(path),
                                         stats=json.dumps(STATS)))
        qemu.chmod(0o755)
        (path / "script").write_text("exec(open(value('name=opt/lintel/cmdline,file=')).read())")
        for name in ("firmware", "elf", "mine"):
            (path / name).write_bytes(b"x" * 100)
        self.output = path / "out"

    def case(self, name, script, more=""):
        """The text of a case that runs this script."""
        return (f"[{name}]\nfirmware = 'firmware'\nappend = '''{script}'''\n{more}\n"
                f"tdrun = ['--qemu', '{self.path}/qemu', '--machine-elf', '{self.path}/elf']\n")

    def command(self, text, *options, name="c.toml"):
        (self.path / name).write_text(text)
        return [sys.executable, ROOT / "tools/tdtest", self.path / name, "--output", self.output,
                *options]

    def run(self, text, *options, **more):
        return subprocess.run(self.command(text, *options), cwd=self.path, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)

    def verdicts(self, done):
        return {name: verdict for verdict, name in
                re.findall(r"^([A-Z]+) .* s  c/(\S+)", done.stdout, re.MULTILINE)}


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path)


def test_each_verdict_counts_and_its_output_is_kept(fake):
    bad = (("leave(11, 'why')", "", "FAIL", "(exit status 11, not 0: why)"),
           ("leave(124)", "", "TIMEOUT", "did not end in time"),
           ("leave(0)", "status = 10", "FAIL", "(exit status 0, not 10)"),
           ("write('S {}\\n'); sys.exit(23)", "", "FAIL", "(exit status 11, not 0)"),
           ("write('S {\"exits\": [1]}\\n'); sys.exit(23)", "", "FAIL", "(exit status 11, not 0)"),
           ("leave(0)", "expect = ['no such']", "FAIL", "(output lacks /no such/)"))
    good = fake.case("good", "print('hello'); leave(0)", "expect = ['^hello$']")
    done = fake.run(good + "".join(fake.case(f"bad{i}", f"print('last words'); {script}", more)
                                   for i, (script, more, _, _) in enumerate(bad)))
    assert done.returncode == 1
    assert fake.verdicts(done) == {"good": "PASS", **{f"bad{i}": row[2]
                                                      for i, row in enumerate(bad)}}
    for i, (_, _, _, note) in enumerate(bad):
        assert re.search(rf" c/bad{i}  .*{re.escape(note)}", done.stdout), note
        assert (fake.output / f"c/bad{i}/output").read_text().startswith("last words\n")
    assert done.stdout.count("        | last words\n") == len(bad)
    assert done.stdout.endswith(f"\n1 passed, {len(bad)} failed\n")
    assert (fake.output / "c/good/output").read_text().startswith("hello\n")
    assert json.loads((fake.output / "c/good/stats.json").read_text()) == STATS
    done = fake.run(good)
    assert done.returncode == 0 and done.stdout.endswith("\n1 passed, 0 failed\n")


def test_junit(fake):
    text = (fake.case("b", "sys.stdout.write('<&\\x1b[2J\\0\\x01end\\n'); leave(10, 'why <')")
            + fake.case("a", "leave(0)") + fake.case("t", "leave(124)", "alone = true"))
    done = fake.run(text, "--junit", "new/folder/junit.xml", "-j", "2")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout and "\0" not in done.stdout
    suite, = xml.parse(fake.path / "new/folder/junit.xml").getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("c", "3", "2")
    tests = list(suite)
    assert [(test.get("classname"), test.get("name"), len(test)) for test in tests] == [
        ("c", "b", 1), ("c", "a", 0), ("c", "t", 1)]
    assert all(float(test.get("time")) > 0 for test in tests)
    failure = tests[0].find("failure")
    assert failure.get("type") == "FAIL"
    assert failure.get("message") == "exit status 10, not 0: why <"
    assert "<&end\n" in failure.text and f"output: {fake.output}/c/b/output" in failure.text
    assert tests[2].find("failure").get("type") == "TIMEOUT"


@pytest.mark.parametrize("text, options", [("", []), ("[a]\n", ["--only", "b"])])
def test_no_case_is_a_failure(fake, text, options):
    done = fake.run(text, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tdtest: no case" in done.stderr


@pytest.mark.parametrize("text, why", [
    ("[a", "c.toml: "), ("a = 1", "'a' stands in no table"), ("['../a']", "a case's name has"),
    ("['']", "a case's name has"), ("['.a']", "a case's name has"),
    ("[a]\nstatsu = 1", "c/a: no key and no setting has the name 'statsu'"),
    ("[a]\nfolder = 'x'", "'folder'"), ("[a]\nname = 'x'", "'name'"),
    ("[a]\nexpect = 'x'", "c/a: expect: 'x' is not a list of strings"),
    ("[a]\nexpect = [1]", "expect: [1] is not a list of strings"),
    ("[a]\nstatus = '1'", "status: '1' is not a number"),
    ("[a]\nstatus = true", "status: True is not a number"),
    ("[a]\nkernel = true", "kernel: True is not a string"),
    ("[a]\nalone = 1", "alone: 1 is not true or false"),
    ("[a]\nvolume = 'x'", "volume: 'x' is not a table"),
    ("[a]\nvolume = { a = 1 }", "volume: {'a': 1} is not a table of strings"),
    ("[a]\nexpect = ['(']", "c/a: '(' is no pattern"),
    ("[a]\nforbid = ['(']", "'(' is no pattern"), ("[a]\nuntil = '('", "'(' is no pattern"),
    ("[a]\nanswers = { '(' = 'x' }", "'(' is no pattern"),
    ("[a]\nanswers = ['x']", "answers: ['x'] is not a table of strings"),
    ("[a]\nallow = ['x']", "nobody forbids"),
    ("[a]\nrepeat = 0", "repeat: 0 is less than 1"), ("[a]\ntimeout = 0", "timeout: 0 is less"),
    ("[a]\nstats = { x = 1 }", "stats: x: 1 is not [LOW, HIGH]"),
    ("[a]\nstats = { x = [1] }", "stats: x: [1] is not"),
    ("[a]\nuntil = 'x'\nstats = { x = [1, 2] }", "a run that is stopped has no stats"),
    ("[a]\nkernel = '{mine}'", "c/a: \"{mine}\": --set gives no 'mine'"),
    ("[a]\nvolume = { a = '{mine}' }", "--set gives no 'mine'"),
    ("[a]\nkernel = '{'", "c/a: \"{\""), ("[a]\nkernel = '{}'", "c/a: \"{}\""),
])
def test_a_fault_in_a_file_is_2_before_anything_runs(fake, capsys, text, why):
    words = fake.command(text + "\n" + fake.case("last", "leave(0)"))[2:]
    assert TDTEST.main([str(word) for word in words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and why in shown.err and shown.err.startswith("tdtest: ")
    assert not fake.output.exists()


@pytest.mark.parametrize("options", [
    ("-j", "0"), ("-j", "x"), ("--only", "("), ("--set", "a"), ("--set", "=a"), ("--set", "a="),
    ("--set", "a-b=c"), ("--unknown",), ("--out", "x"), ("/no/such/file.toml",),
    ("--junit", "/dev/null/x"), ("--output", "/dev/null/x")])
def test_wrong_usage_is_2(fake, capsys, options):
    words = fake.command(fake.case("a", "leave(0)"), *options)[2:]
    try:
        status = TDTEST.main([str(word) for word in words])
    except SystemExit as ended:     # by argparse
        status = ended.code
    assert status == 2 and capsys.readouterr().out == ""
    assert not (fake.path / "arguments").exists(), "QEMU was started"


def test_two_cases_of_a_name_are_refused(fake):
    other = fake.path / "other"
    other.mkdir()
    (other / "c.toml").write_text("[a]\n")
    done = fake.run("[a]\n[b]\n", other / "c.toml")
    assert done.returncode == 2 and "c/a: two cases have this name" in done.stderr


def test_files_lie_beside_the_case_or_are_set(fake):
    command = fake.command(fake.case("a", "leave(0)", "kernel = '{k}'\ninitrd = '{i}/mine'"),
                           "--set", "k=mine", "--set", f"i={fake.path}")
    other = fake.path / "elsewhere"
    other.mkdir()
    (other / "mine").write_text("the other")

    def run():
        return subprocess.run(command, cwd=other, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    given = json.loads((fake.path / "arguments").read_text())
    for name, path in (("kernel", other / "mine"), ("initrd", fake.path / "mine"),
                       ("firmware", fake.path / "firmware")):
        assert f"name=opt/lintel/{name},file={path}" in given
    (other / "mine").unlink()
    done = run()
    assert done.returncode == 1
    assert "FAIL    " in done.stdout and f"({other}/mine is not there)" in done.stdout


def meet(fake, seconds, more=""):
    """Two cases, x and y, each of which waits until it sees the other."""
    script = """
open(os.path.join(here, "{0}"), "w").close()
for _ in range({2}):
    os.path.exists(os.path.join(here, "{1}")) and leave(0)
    time.sleep(0.1)
leave(11)
"""
    return (fake.case("x", script.format("x", "y", 10 * seconds), more)
            + fake.case("y", script.format("y", "x", 10 * seconds)))


def test_jobs(fake):
    assert fake.run(meet(fake, 40), "-j", "2").returncode == 0
    for name in ("x", "y"):
        (fake.path / name).unlink()
    done = fake.run(meet(fake, 1), "-j", "1")
    assert fake.verdicts(done) == {"x": "FAIL", "y": "PASS"}


def test_a_case_that_runs_alone(fake):
    done = fake.run(meet(fake, 1, "alone = true"), "-j", "2")
    assert fake.verdicts(done) == {"y": "FAIL", "x": "PASS"}, "y first, then x by itself"


def test_no_case_is_run_again(fake):
    script = "open(os.path.join(here, 'runs'), 'a').write('.'); leave(11)"
    assert fake.run(fake.case("a", script)).returncode == 1
    assert (fake.path / "runs").read_text() == "."
    done = fake.run(fake.case("a", script.replace("11", "0"), "repeat = 3"), "-j", "1")
    assert fake.verdicts(done) == {f"a#{run}": "PASS" for run in (1, 2, 3)}
    assert (fake.path / "runs").read_text() == "...."
    assert fake.run(fake.case("a", script, "repeat = 3"), "--only", "#2$").returncode == 1
    assert (fake.path / "runs").read_text() == "....."


def test_until_stops(fake):
    wait = "print('first\\nthere', flush=True); time.sleep(60)"
    start = time.monotonic()
    done = fake.run(fake.case("a", wait, "until = '^there$'")
                    + fake.case("b", "leave(12, 'why')", "until = 'there'"))
    assert time.monotonic() - start < 40
    assert fake.verdicts(done) == {"a": "PASS", "b": "FAIL"}
    assert "ended with 12 before /there/ was seen: why" in done.stdout


def test_answers_are_given_in_order_after_what_the_one_before_met(fake):
    talk = ("import select; print('$ login: ', end='', flush=True); "
            "name = os.read(0, 99).decode(); early = select.select([0], [], [], 1.2)[0]; "
            "print(f'welcome {name}$ ', end='', flush=True); "
            "leave(0 if os.read(0, 99) == b'halt\\n' and not early else 11)")
    answers = "answers = { '^.*login: $' = 'root', '[$] ' = 'halt' }\nexpect = ['welcome root$']"
    start = time.monotonic()
    done = fake.run(fake.case("a", talk, answers)
                    + fake.case("b", "print('welcome'); leave(0)", "answers = { 'login' = 'root' }")
                    + fake.case("c", "leave(12, 'why')", "answers = { 'login' = 'root' }"))
    assert fake.verdicts(done) == {"a": "PASS", "b": "FAIL", "c": "FAIL"}
    assert "ended before /login/ was answered" in done.stdout
    assert "exit status 12, not 0: why" in done.stdout
    assert time.monotonic() - start < 25


def test_stats(fake):
    done = fake.run(fake.case("a", "leave(0)", "stats.'tdvmcall/MapGPA' = [200, 200]\n"
                              "stats.'exits/1' = [20, 20]")
                    + fake.case("b", "leave(0)", 'stats = { "tdvmcall/MapGPA" = [0, 199] }')
                    + fake.case("c", "leave(0, '', '{}')", 'stats = { "x" = [0, 0] }'))
    assert fake.verdicts(done) == {"a": "PASS", "b": "FAIL", "c": "FAIL"}
    assert "statistics: tdvmcall/MapGPA is 200, not 0 to 199" in done.stdout
    assert "there are no statistics" in done.stdout


def test_what_no_output_may_have():
    for line in tdcase.Case.FORBIDDEN:
        ended = tdcase.Ended(0, f"a {line} b\n", False)
        with pytest.raises(tdcase.Failure, match=f"output has /{line}/"):
            tdcase.judge(tdcase.Case("c/a"), ended)
        tdcase.judge(tdcase.Case("c/a", allow=[line]), ended)


def test_list(fake):
    done = fake.run("[a]\n[b]\nrepeat = 2\n[d]\n", "--list", "--only", "a|b")
    assert (done.returncode, done.stdout) == (0, "c/a\nc/b#1\nc/b#2\n")
    assert not fake.output.exists()


def alive(fake):
    pid = json.loads((fake.path / "pid").read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(path):
    for _ in range(100):
        if path.exists() and path.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"no {path}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_that_runs(fake, number):
    text = fake.case("a", "time.sleep(60)") + fake.case("b", "leave(0)")
    process = subprocess.Popen(fake.command(text, "-j", "1"), cwd=fake.path, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    wait_for(fake.path / "pid")
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (128 + number, "")
    assert not alive(fake)
    assert not (fake.output / "c/b").exists()


def test_what_runs_is_shown_on_a_terminal_only(fake):
    text = fake.case("a", "print('hello'); leave(0)") + fake.case("b", "leave(11)")
    assert not {"\r", "\x1b"} & set(fake.run(text).stdout)
    controller, terminal = pty.openpty()
    with open(terminal, "wb") as out:
        subprocess.run(fake.command(text, "-j", "1"), cwd=fake.path, stdout=out, check=False,
                       stdin=subprocess.DEVNULL)
    with open(controller, "rb") as shown:
        told = os.read(shown.fileno(), 100000).decode()
    assert "\r\x1b[K[0/2] 0 failed; running: c/a" in told
    assert re.search(r"\r\x1b\[KPASS .* c/a\r\n", told)
    assert "[1/2] 0 failed; running: c/b" in told
    assert told.endswith("1 passed, 1 failed\r\n")


def test_what_a_case_says_reaches_tdrun(tmp_path):
    (tmp_path / "app").write_text("x")
    case = tdcase.make_case(tdcase.Case, "c/a", {
        "firmware": "{f}.fd", "append": "a b", "smp": 3, "memory": "2G", "timeout": 7,
        "disk": "d", "volume": {"EFI/BOOT/BOOTX64.EFI": "app"}, "script": "on HOB: x", "la57": True,
        "debug_td": False, "page_size": "2M", "tdrun": ["--icount"]}, str(tmp_path))
    words = tdcase.tdrun_command(case, tmp_path, {"f": "/x/y"}, ["--more"])
    assert words == [
        str(ROOT / "tools/tdrun"), "--firmware", "/x/y.fd", "--smp", "3", "--memory", "2G",
        "--disk", f"{tmp_path}/d", "--qemu-arg=-snapshot", "--volume", f"{tmp_path}/volume",
        "--la57", "--page-size", "2M",
        "--host-script", f"{tmp_path}/script", "--more", "--icount", "--timeout", "7",
        "--stats", f"{tmp_path}/stats.json"]
    assert (tmp_path / "volume/EFI/BOOT/BOOTX64.EFI").read_text() == "x"
    assert (tmp_path / "volume/cmdline").read_text() == "a b\n"
    assert (tmp_path / "script").read_text() == "on HOB: x"
    case = tdcase.make_case(tdcase.Case, "c/a", {"kernel": "k", "initrd": "/i", "append": "a"})
    assert tdcase.tdrun_command(case, tmp_path, {}) == [
        str(ROOT / "tools/tdrun"), "--kernel", "k", "--initrd", "/i", "--append", "a", "--smp",
        "1", "--timeout", "300", "--stats", f"{tmp_path}/stats.json"]


def test_help_has_every_key():
    done = subprocess.run([sys.executable, ROOT / "tools/tdtest", "--help"], check=True, text=True,
                          capture_output=True)
    for name, field in tdcase.Case.keys().items():
        assert re.search(rf"^  {name} +\S", done.stdout, re.MULTILINE), name
        assert field.metadata["help"]
    for text in tdcase.Case.FORBIDDEN:
        assert f'"{text}"' in " ".join(done.stdout.split())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_what_is_to_be_set(path):
    text = path.read_text()
    cases = tdcase.load_file(path)
    assert cases
    commands = re.findall(r"^#   (tdtest (?:.*\\\n#)*.*)", text, re.MULTILINE)
    assert commands and all(path.name in command for command in commands)
    told = set(re.findall(r"--set (\w+)=", commands[-1]))
    assert told == set(re.findall(r"\{(\w+)\}", "".join(
        text for case in cases for text in case.named_files())))


def test_there_are_samples():
    assert {path.stem for path in SAMPLES} >= {"own-firmware", "ovmf", "td-shim", "payload"}
