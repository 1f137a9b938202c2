# Tests of tools/tdreport.py: from a trace to what the page shows, and the page in a browser.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""python3 -m pytest boot-tests/tdreport_test.py"""

import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import tdreport  # noqa: E402

KERNEL, INITRD, COMMAND_LINE = b"kernel", b"initrd", b"quiet"
FILES = tdreport.known_files(KERNEL, INITRD, COMMAND_LINE)


def extend(at, register, content):
    digest = hashlib.sha384(content).hexdigest()
    # A number has no zeros in front.
    words = " ".join(f"digest{i}={int(digest[16 * i:16 * i + 16], 16):#x}" for i in range(6))
    return f"{at} 0 rtmr_extend register={register:#x} {words}"


# Two vCPUs; the machine's clock stands at 1000 when the first starts. In no order, as CPUs write.
BOOT = [
    "900 0 seamcall leaf=MEM.PAGE.ADD count=3 last=950",
    "910 0 private_page state=MAPPED count=16 last=950 gpa=0xffff0000 size=0x10000",
    "1000 1 vcpu_start",
    "1010 0 vcpu_start",
    "1020 0 tdcall leaf=VP.INFO count=1 last=1020",
    "1040 0 serial lintel: shim in a TD: 2 vCPUs",
    "1100 0 private_page state=PENDING count=256 last=1190 gpa=0x0 size=0x100000",
    "1101 0 private_page state=MAPPED count=256 last=1200 gpa=0x0 size=0x100000",
    "1101 0 tdcall leaf=MEM.PAGE.ACCEPT count=512 last=1200",
    "1110 1 tdcall leaf=MEM.PAGE.ACCEPT count=2 last=1180",
    "1111 1 private_page state=MAPPED count=2 last=1150 gpa=0x200000 size=0x400000",
    "1210 0 serial lintel: accepted 1 pages",
    "1220 0 map_gpa to=shared count=1 last=1220 gpa=0x80000 size=0x10000",
    extend(1300, 0, bytes(4)),
    extend(1301, 1, bytes(4)),
    "1302 0 tdvmcall function=IO count=40 last=1400",
    extend(1500, 1, KERNEL),
    "1501 0 tdvmcall function=IO count=1 last=1510",
    extend(1520, 2, COMMAND_LINE),
    extend(1530, 2, INITRD),
    "1540 0 private_page state=MAPPED count=16 last=1545 gpa=0x80000 size=0x10000",
    "1600 0 serial lintel: kernel at 0x1000200",
    "1700 0 ve reason=CPUID count=9 last=1900",
    "1710 1 td_exit reason=EXTERNAL_INTERRUPT count=1 last=1710",
    "1800 1 tdcall leaf=VP.VEINFO.GET count=9 last=1900",
    "1900 0 serial [    1.0] Run /init as init process a=b",
    "2000 0 td_end",
    "2010 0 seamcall leaf=PHYMEM.PAGE.RECLAIM count=99 last=2100",
]


def of(lines, **options):
    return tdreport.model(lines, "title", [["Kernel", "a<b>"]], FILES, **options)


def names(run, lane):
    return [(name, begin) for name, begin, _ in run["lanes"][lane]["phases"]]


def test_phases_of_the_boot_processor():
    run = of(BOOT)
    assert names(run, 0) == [
        ("host: TD built", -100), ("reset", 10), ("long mode", 20), ("acceptance", 101),
        ("devices and tables", 200), ("payload load", 301), ("hash", 400), ("payload load", 500),
        ("hash", 510), ("hash", 520), ("hand-over", 530), ("kernel", 600), ("user space", 900),
        ("host: TD taken down", 1000)]


def test_phases_of_an_ap():
    assert names(of(BOOT), 1) == [
        ("reset", 0), ("long mode", 110), ("acceptance", 111), ("AP wait", 150), ("kernel", 800),
        ("user space", 900), ("host: TD taken down", 1000)]


def test_phases_have_no_hole_and_end_with_the_trace():
    run = of(BOOT)
    assert (run["first"], run["last"]) == (-100, 1100)
    for lane in run["lanes"]:
        phases = lane["phases"]
        assert phases[-1][2] == run["last"]
        for (_, begin, end), (_, after, _) in zip(phases, phases[1:]):
            assert begin < end == after


def without(*texts):
    return [line for line in BOOT if not any(text in line for text in texts)]


def test_a_boot_that_goes_no_further_has_the_phases_that_it_had():
    stopped = [line for line in BOOT if int(line.split()[0]) <= 1301]
    assert [name for name, _ in names(of(stopped), 0)] == [
        "host: TD built", "reset", "long mode", "acceptance", "devices and tables"]
    assert [name for name, _ in names(of(stopped), 1)] == [
        "reset", "long mode", "acceptance", "AP wait"]
    started = [line for line in BOOT if int(line.split()[0]) <= 1010]
    assert [name for name, _ in names(of(started), 0)] == ["host: TD built"]


def test_a_foreign_firmware_has_what_its_events_show():
    run = of(without("lintel:", "rtmr_extend", "map_gpa") + ["1605 0 serial EFI stub: Loaded"])
    assert [name for name, _ in names(run, 0)] == [
        "host: TD built", "reset", "long mode", "acceptance", "devices and tables", "kernel",
        "user space", "host: TD taken down"]
    assert ("kernel", 605) in names(run, 0)


def test_an_ap_that_accepts_nothing_waits_after_its_last_call():
    pending = "1120 1 private_page state=PENDING count=1 last=1120 gpa=0x300000 size=0x1000"
    lines = without("1111 1") + [pending]
    assert ("AP wait", 180) in names(of(lines), 1)


def test_an_ap_that_nobody_wakes_waits_to_the_end():
    lines = [line for line in BOOT if not line.startswith("1800 1")]
    assert names(of(lines), 1)[-2:] == [("AP wait", 150), ("host: TD taken down", 1000)]


def test_extends_are_named_by_what_the_td_was_given():
    run = of(BOOT)
    assert [(event["at"], event["register"], event["what"]) for event in run["extends"]] == [
        (300, 0, "separator"), (301, 1, "separator"), (500, 1, "kernel"), (520, 2, "command line"),
        (530, 2, "initrd")]
    unknown = tdreport.model(BOOT, "", [], tdreport.known_files())
    assert [event["what"] for event in unknown["extends"]] == ["separator", "separator", "", "", ""]


def test_registers_are_replayed():
    registers = of(BOOT)["registers"]
    one = hashlib.sha384(bytes(48) + hashlib.sha384(bytes(4)).digest()).digest()
    assert registers[0] == one.hex()
    assert registers[1] == hashlib.sha384(one + hashlib.sha384(KERNEL).digest()).hexdigest()
    assert registers[3] == bytes(48).hex()


def test_memory_is_told_by_state():
    assert [(begin, state, gpa, size) for begin, _, state, gpa, size in of(BOOT)["memory"]] == [
        (-90, "added", 0xFFFF0000, 0x10000), (100, "pending", 0, 0x100000),
        (101, "accepted", 0, 0x100000), (111, "accepted", 0x200000, 0x400000),
        (220, "shared", 0x80000, 0x10000), (540, "accepted", 0x80000, 0x10000)]


@pytest.mark.parametrize("event, key, state", [
    ("private_page", "state=FREE", "free"), ("private_page", "state=BLOCKED", "blocked"),
    ("private_page", "state=PENDING_BLOCKED", "blocked"), ("map_gpa", "to=private", "free")])
def test_other_states_of_memory(event, key, state):
    line = f"1950 0 {event} {key} count=1 last=1950 gpa=0x1000 size=0x1000"
    assert of(BOOT + [line])["memory"][-1][2] == state


def test_series_are_times_from_one_to_the_next():
    lines = BOOT + ["1950 0 ve reason=CPUID count=2 last=1960",
                    "1650 0 page_table count=1 last=1650"]
    series = of(lines)["series"]
    assert series["ve"]["CPUID"][0] == [700, 200, 9, 250, 10, 2]
    assert series["page_table"][""][0] == [650, 0, 1]
    assert series["tdcall"]["MEM.PAGE.ACCEPT"] == {0: [101, 99, 512], 1: [110, 70, 2]}


@pytest.mark.parametrize("line", [
    "", "x 0 ve", "1 x ve reason=CPUID count=1 last=1", "1 0", "1 0 ve count=x last=1",
    "1 0 ve reason=CPUID count=1", "1 0 map_gpa to=shared count=1 last=1 gpa=0x1",
    "1 0 ve reason count=1 last=1"])
def test_a_line_that_is_none_is_named(line):
    with pytest.raises(tdreport.Malformed, match=re.escape(f"no line of a trace of spans: {line}")):
        of(BOOT + [line])


def test_a_run_without_a_start_has_no_report():
    with pytest.raises(tdreport.Malformed, match="no vCPU that starts"):
        of(BOOT[:2])


class Page(html.parser.HTMLParser):
    """What a page wants of elsewhere, and the ids of its parts."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.wanted = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                assert value not in self.ids
                self.ids.add(value)
            if name in ("src", "href", "action") or tag in ("link", "iframe", "img", "object"):
                self.wanted.append((tag, name, value))


def test_the_page_needs_nothing_else():
    text = tdreport.page([of(BOOT)])
    page = Page(text)
    assert page.wanted == []
    assert not re.search(r"@import|url\((?!#)|https?://|fetch\(|XMLHttpRequest", text)
    assert set(re.findall(r'\$\("(\w+)"\)', text)) <= page.ids


def test_text_of_the_td_is_no_part_of_the_page():
    evil = "</script><script>alert(1)</script><!--"
    run = tdreport.model(BOOT + [f"1910 0 serial {evil}"], f"<b>{evil}", [["x", evil]], FILES)
    text = tdreport.page([run])
    assert evil not in text
    assert text.count("<script") == 2
    assert "<title>&lt;b&gt;" in text


def test_two_reports_are_compared(tmp_path):
    for name, lines in (("a", BOOT), ("b", BOOT[:-1])):
        (tmp_path / name).write_text(tdreport.page([of(lines)]))
    assert tdreport.main([str(tmp_path / name) for name in "abc"]) == 0
    runs = json.loads(tdreport.DATA.search((tmp_path / "c").read_text()).group(1))["runs"]
    assert runs == [json.loads(json.dumps(of(BOOT))), json.loads(json.dumps(of(BOOT[:-1])))]


def test_what_is_no_report_is_refused(tmp_path, capsys):
    one, two = tdreport.page([of(BOOT)]), tdreport.page([of(BOOT), of(BOOT)])
    bad = tdreport.page([of(BOOT)]).replace('{"runs":', '{"runs"')
    for content in ("no page", two, bad):
        (tmp_path / "a").write_text(one)
        (tmp_path / "b").write_text(content)
        assert tdreport.main([str(tmp_path / name) for name in "abc"]) == 1
        assert f"tdreport: {tmp_path}/b: " in capsys.readouterr().err
    assert tdreport.main([str(tmp_path / "a"), "/no/such/file", str(tmp_path / "c")]) == 1
    assert tdreport.main([str(tmp_path / "a"), str(tmp_path / "a"), "/no/such/folder/c"]) == 1
    assert tdreport.main([]) == 2
    assert not (tmp_path / "c").exists()


# ---- in a browser --------------------------------------------------------------------------------

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium: apt-get install chromium")

# Runs in the page: presses keys, zooms by mouse, and leaves what came of it in the title.
ACTIONS = """
<script>
addEventListener("error", event => { document.title = "error: " + event.message; });
addEventListener("load", () => {
  const chart = document.getElementById("charts"), told = [];
  const key = (name, shift) => chart.dispatchEvent(new KeyboardEvent("keydown",
    { key: name, shiftKey: shift === true, bubbles: true, cancelable: true }));
  const shown = () => document.getElementById("readout").textContent;
  const pointer = (name, x) => chart.querySelector("svg").dispatchEvent(new PointerEvent(name,
    { clientX: x, clientY: 200, button: 0, pointerId: 1, bubbles: true }));
  chart.setPointerCapture = () => {};
  told.push(["all", shown()]);
  key("]"); key("]"); key("]");
  told.push(["third phase", shown()]);
  key("+"); key("Escape");
  told.push(["zoomed", shown()]);
  key("ArrowRight", true); key("-"); key("-"); key("0");
  told.push(["all again", shown()]);
  const box = chart.querySelector("svg").getBoundingClientRect();
  pointer("pointerdown", box.left + 500); pointer("pointermove", box.left + 700);
  pointer("pointerup", box.left + 700); key("Escape");
  told.push(["by mouse", shown()]);
  document.querySelector("button[data-do=td]").click();
  told.push(["TD only", shown()]);
  document.title = JSON.stringify(told);
});
</script>
"""


def browse(tmp_path, text, *options):
    """The page as the browser that opens it prints it, without its scripts."""
    (tmp_path / "page.html").write_text(text)
    ended = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/user",
         "--window-size=1280,900", *options, f"file://{tmp_path}/page.html"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True)
    return re.sub(r"<script.*?</script>", "", ended.stdout, flags=re.DOTALL)


@in_a_browser
def test_the_page_is_drawn(tmp_path):
    text = browse(tmp_path, tdreport.page([of(BOOT)]), "--dump-dom")
    assert 'data-ready="yes"' in text
    for lane in ("vCPU 0", "vCPU 1"):
        assert re.search(rf'<text class="lane"[^>]*>{lane}</text>', text)
    for word in ("acceptance", "AP wait", "user space", "MEM.PAGE.ACCEPT", "a&lt;b&gt;",
                 "Run /init as init process", "command line"):
        assert word in text, word
    assert "NaN" not in text and "undefined" not in text


@in_a_browser
def test_two_runs_are_drawn(tmp_path):
    other = [line for line in BOOT if "9 last=1900" not in line or " 0 " not in line]
    text = browse(tmp_path, tdreport.page([of(BOOT), of(other)]), "--dump-dom")
    assert len(re.findall(r"<svg viewBox=\"[^\"]*\" data-run=", text)) == 2
    assert '<tr class="differs"><td>#VE</td>' in text
    assert '<tr class="differs"><td>TDCALL</td>' not in text
    assert "NaN" not in text


@in_a_browser
def test_keyboard_and_mouse(tmp_path):
    text = browse(tmp_path, tdreport.page([of(BOOT)]) + ACTIONS, "--dump-dom")
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL).group(1)
    told = dict(json.loads(title.replace("&amp;", "&")))
    assert told["all"] == told["all again"] == "1.20 ms shown."
    assert told["third phase"].startswith("20 \u00b5s vCPU 0: long mode (TDCALL 1); vCPU 1: reset")
    assert told["zoomed"] == "600 \u00b5s shown."
    assert told["TD only"] == "1.00 ms shown."
    length = float(told["by mouse"].split()[0])
    assert 150 < length < 260


@in_a_browser
@pytest.mark.parametrize("size", ["1280,900", "400,900"])
def test_it_looks_like_something(tmp_path, size):
    """More than one colour, at both widths."""
    browse(tmp_path, tdreport.page([of(BOOT)]), f"--screenshot={tmp_path}/shot.png",
           f"--window-size={size}")
    assert os.path.getsize(tmp_path / "shot.png") > 20000


@in_a_browser
def test_it_is_printed(tmp_path):
    browse(tmp_path, tdreport.page([of(BOOT)]), f"--print-to-pdf={tmp_path}/page.pdf")
    with open(tmp_path / "page.pdf", "rb") as pdf:
        assert pdf.read(5) == b"%PDF-"
