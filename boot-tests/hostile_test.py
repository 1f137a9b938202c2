#!/usr/bin/python3
# Tests of hostile.py without the machine: what output becomes, what is a fault, what a finding.
# SPDX-License-Identifier: BSD-2-Clause-Patent

import pathlib
import re
import sys
import tomllib

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hostile  # noqa: E402
from hostile import Case, Life  # noqa: E402

BOOT = {"options": [], "right": "^payload: done$"}
CASES = [Case("a", "on RDRAND: no entropy\non HOB: replace 0 u8 1\n"), Case("b", ""),
         Case("c", "\non end: build again\n")]
RIGHT = "payload: done\n\nlife a ends by 0: TD powered itself off\n"


def test_the_cases_of_the_tree():
    boots, cases = hostile.load(hostile.ROOT / hostile.LIST)
    assert len(cases) >= 60 and set(boots) >= {"plain", "embedded", "random"}
    script, _ = hostile.script_of(cases)
    assert re.findall("^life (.*)$", script, re.MULTILINE) == [case.name for case in cases]
    assert all(len(case.name) <= 31 for case in cases)


@pytest.mark.parametrize("text, why", [
    ("script = ''\nboot = 'y'", "a: there is no boot 'y'"),
    ("script = ''\nstatus = 10", "a: what names the stop?"),
])
def test_a_case_that_is_none(tmp_path, text, why):
    path = tmp_path / "list.toml"
    path.write_text(f"[boot.plain]\noptions = []\nright = 'x'\n[case.a]\n{text}\n")
    with pytest.raises(ValueError, match=re.escape(why)):
        hostile.load(path)
    path.write_text("[boot.plain]\noptions = []\nright = 'x'\n[case.a]\nscript = ''\nx = 1\n")
    with pytest.raises(TypeError):
        hostile.load(path)


def test_addresses_have_names():
    bounce = hostile.MAP["BOUNCE"]
    assert hostile.with_addresses("a {BOUNCE} {SHARED+BOUNCE+0x10} {build} [0-9]{2} {B") == (
        f"a {bounce:#x} {(1 << 47) + bounce + 16:#x} {{build}} [0-9]{{2}} {{B")
    with pytest.raises(ValueError):
        hostile.with_addresses("{NO_SUCH_NAME}")


def test_a_script_and_its_lines():
    text, places = hostile.script_of(CASES)
    assert text == ("life a\non RDRAND: no entropy\non HOB: replace 0 u8 1\nlife b\nlife c\n"
                    "on end: build again\n")
    assert places == {2: ("a", 1), 3: ("a", 2), 6: ("c", 1)}


def test_lives_by_their_output():
    _, places = hostile.script_of(CASES)
    output = (RIGHT + "lintel: fatal: x\n\nlife b ends by 10: TD reported\n"
              "half a line\ntdrun: host script, line 3 never fired: on HOB: replace 0 u8 1\n"
              "tdrun: host script, line 6 never fired: on end: build again\n")
    lives = hostile.split(output, 124, CASES, places)
    assert lives["a"] == Life(0, RIGHT.rstrip("\n"), [2])
    assert lives["b"] == Life(10, "\nlintel: fatal: x\n\nlife b ends by 10: TD reported", [])
    assert lives["c"].status == 124 and lives["c"].unfired == [1]
    assert "half a line" in lives["c"].output
    # The run ended in the second: the third has not begun.
    assert set(hostile.split(RIGHT, 13, CASES, places)) == {"a", "b"}


def run_of(ends):
    """What tdrun would print, by the lives of the script: each run ends at the first None."""
    runs = []

    def run(command, *_):
        script = command[command.index("--host-script") + 1].read_text()
        names = re.findall("^life (.*)$", script, re.MULTILINE)
        runs.append(names)
        output = ""
        for name in names:
            if ends[name] is None:
                return hostile.tdcase.Ended(124, output, False)
            output += f"{ends[name][1]}\n\nlife {name} ends by {ends[name][0]}: x\n"
        return hostile.tdcase.Ended(0, output, False)
    return run, runs


def test_a_run_that_ends_early_is_gone_on_with(tmp_path, monkeypatch):
    run, runs = run_of({"a": (0, ""), "b": None, "c": (10, "")})
    monkeypatch.setattr(hostile.tdcase, "run_process", run)
    lives = hostile.run_lives(BOOT, CASES, tmp_path, "build")
    assert {name: life.status for name, life in lives.items()} == {"a": 0, "b": 124, "c": 10}
    assert runs == [["a", "b", "c"], ["c"]]


def test_a_script_that_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(hostile.tdcase, "run_process",
                        lambda *_: hostile.tdcase.Ended(2, "tdrun: line 1", False))
    with pytest.raises(OSError, match="line 1"):
        hostile.run_lives(BOOT, CASES, tmp_path, "build")


@pytest.mark.parametrize("case, life, wrong", [
    (Case("a", "x"), Life(0, RIGHT, []), None),
    (Case("a", "x"), Life(10, RIGHT, []), "exit status 10, not 0"),
    (Case("a", "x"), Life(0, "", []), "output lacks /^payload: done$/"),
    (Case("a", "x", expect="zz"), Life(0, RIGHT, []), "output lacks /zz/"),
    (Case("a", "x", expect="zz"), Life(0, "zz", []), "output lacks /^payload: done$/"),
    (Case("a", "x\ny"), Life(0, RIGHT, [2]), "rule 2 never fired: y"),
    (Case("a", "x\ny", idle=[2]), Life(0, RIGHT, [2]), None),
    (Case("a", "x", status=10, expect="why"), Life(10, "why", []), None),
    (Case("a", "x", status=10, expect="why"), Life(10, "no", []), "output lacks /why/"),
])
def test_a_fault(case, life, wrong):
    assert hostile.fault(case, BOOT, life) == wrong


FOREIGN = {"options": [], "until": "menu",
           "ends": {"boots": "^the end$", "boots to a menu": "menu"}}
NEVER = "tdrun: host script, line {} never fired: on X\n"
DIED = "tdrun: a vCPU died\ntdrun:   vCPU 1 died: triple|fault\n"


@pytest.mark.parametrize("output, status, count, how", [
    ("x\nthe end\n", 10, 1, "boots"),
    ("x\nthe end\n" + NEVER.format(1), 10, 2, "boots"),
    ("x\nthe end\n" + NEVER.format(1) + NEVER.format(2), 10, 2, "boots; met no such host"),
    ("menu", -15, 1, "boots to a menu"),
    ("x", 124, 0, "hangs"),
    ("x", 7, 0, "hangs"),
    (DIED, 11, 0, "vCPU 1 died: triple/fault"),
    ("\nlife a ends by 10: TD reported fatal error 0x0 by vCPU 1: AP: x\n", 10, 1, "AP: x"),
    ("lintel: fatal: a long word\n\nlife a ends by 10: TD reported fatal error 0x0 by vCPU 1: a l",
     10, 1, "a long word"),
    ("\nlife a ends by 11: vCPU 0 died\n", 11, 1, "vCPU 0 died"),
])
def test_how_a_foreign_firmware_ends(output, status, count, how):
    assert hostile.end_of(output, status, FOREIGN, count) == how


def test_the_table_of_foreign_firmware(tmp_path, monkeypatch, capsys):
    cases = [Case("a", "on a\n", foreign=True), Case("b", "on b\n"),
             Case("c", "on c\non d\n", foreign=True)]
    scripts = []

    def run(command, log, _timeout, until):
        script = command[command.index("--host-script") + 1].read_text()
        firmware = command[command.index("--firmware") + 1]
        scripts.append((firmware, script, log.parent.name, until))
        return hostile.tdcase.Ended(10, "the end\n" if "on a" in script or not script else DIED,
                                    False)

    monkeypatch.setattr(hostile.tdcase, "run_process", run)
    monkeypatch.setattr(hostile, "run_lives", lambda _boot, ours, *_: {
        case.name: Life(0, RIGHT, []) for case in ours})
    hostile.run_foreign({"foreign": FOREIGN, "plain": BOOT}, cases, ["x/one.fd", "two.fd"],
                        60, 1, tmp_path, "build")
    assert capsys.readouterr().out.splitlines() == [
        "| host | Lintel | one | two |", "| --- | --- | --- | --- |",
        "| none | boots | boots | boots |", "| a | boots | boots | boots |",
        "| c | boots | vCPU 1 died: triple/fault | vCPU 1 died: triple/fault |"]
    assert scripts[2] == ("x/one.fd", "on a\n", "a", "menu")
    assert scripts[5] == ("two.fd", "on c\non d\n", "c", "menu")


@pytest.mark.parametrize("status, output, script, found", [
    (0, RIGHT, "", False),
    (0, "", "", True),
    (10, "life a ends by 10: TD reported fatal error 0x0 by vCPU 1: AP: x", "", False),
    (10, "life a ends by 10: TD reported fatal error 0x0 by vCPU 0: unnamed", "", True),
    (10, "payload: x\nlife a ends by 10: TD reported fatal error 0x7e570000 by vCPU 0: x", "",
     False),
    (11, "life a ends by 11: vCPU 1 died: triple fault", "on phase turn #2: nmi", False),
    (11, "life a ends by 11: vCPU 1 died: triple fault", "on HOB: replace 0 u8 1", True),
    (12, "life a ends by 12: access to unaccepted page at GPA 0x1", "on T: drop private 0", False),
    (12, "life a ends by 12: access to unaccepted page at GPA 0x1", "on T: hold 1us", True),
    (12, "life a ends by 12: all vCPUs halted with interrupts off", "on HOB: x", True),
    (12, "life a ends by 12: the TD shows the secret: x", "on T: drop private 0", True),
    (12, "tdrun:   host script, line 7: there is no private page 0x1000", "on HOB: x", False),
    (13, "bug of the machine", "on HOB: x", True),
    (124, "", "on HOB: x", True),
    (124, "tdrun: host script, line 7 never fired: on HOB: x\ntdrun: timeout", "on HOB: x", True),
])
def test_a_finding(status, output, script, found):
    what = hostile.finding(Life(status, output, []), script, BOOT["right"])
    assert (what is not None) == found


def test_the_same_seed_makes_the_same_host():
    assert hostile.Host("1-2").rules() == hostile.Host("1-2").rules()
    assert hostile.Host("1-2").rules() != hostile.Host("1-3").rules()


def test_a_finding_is_shrunk(tmp_path, monkeypatch):
    """Only "on b" and "on d" together make the TD hang."""
    def lives(_boot, cases, _folder, _build):
        return {case.name: Life(124 if {"on b", "on d"} <= set(hostile.rules(case)) else 0,
                                RIGHT, []) for case in cases}
    monkeypatch.setattr(hostile, "run_lives", lives)
    case = Case("x", "on a\non b\non c\non d\non e")
    assert hostile.shrink(BOOT, case, tmp_path, "build").script == "on b\non d"


def test_what_is_found_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(hostile, "run_lives", lambda _boot, cases, _folder, _build: {
        case.name: Life(124 if case.name.endswith("-3") else 0, RIGHT, []) for case in cases})
    assert hostile.fuzz_all(BOOT, "s", 2, 3, tmp_path, "build") == 1
    told = capsys.readouterr().out
    assert told.startswith("FAIL  random-s-3  status 124: ") and "\n    on " in told
    assert told.endswith("3 random hosts, 1 findings\n")
