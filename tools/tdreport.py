#!/usr/bin/env python3
# Makes a page of HTML of the events of a run, or of two, in which one can look at the boot.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""usage: tdreport.py A.html B.html OUTPUT.html

Compares two reports of tools/tdrun --report: the page OUTPUT.html has both runs."""

import hashlib
import html
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
TEMPLATE = os.path.join(HERE, "tdreport.html")
DATA = re.compile(r'<script type="application/json" id="runs">(.*?)</script>', re.DOTALL)
SEPARATOR = hashlib.sha384(bytes(4)).hexdigest()
FILES = ("kernel", "initrd", "command line")
# What of the log begins a phase. The kernel's first line is late; the shim says when it leaves.
KERNEL = re.compile(r"lintel: kernel at |EFI stub: |tdx: Guest detected|Linux version ")
USER_SPACE = re.compile(r"Run /init as init process|^init: ")
# Only the TD itself causes these.
OF_THE_TD = ("tdcall", "ve")


class Malformed(Exception):
    """What is wrong with a trace or a report, in one line."""


class Trace:
    """The lines of a trace of spans; see boot-tests/machine/event.h."""

    def __init__(self, lines):
        self.spans, self.ranges, self.marks = [], [], []
        for line in lines:
            self.add(line)
        starts = [mark["at"] for mark in self.marks if mark["event"] == "vcpu_start"]
        if not starts:
            raise Malformed("the trace has no vCPU that starts")
        self.start = min(starts)
        for item in self.spans + self.ranges + self.marks:
            for name in ("at", "last"):
                if name in item:
                    item[name] -= self.start
        for items in (self.spans, self.ranges, self.marks):
            items.sort(key=lambda item: item["at"])
        everything = self.spans + self.ranges + self.marks
        self.first = min(item["at"] for item in everything)
        self.last = max(item.get("last", item["at"]) for item in everything)

    def add(self, line):
        try:
            at, cpu, event, *rest = line.split(" ", 3)
            item = {"at": int(at), "cpu": int(cpu), "event": event}
            words = rest[0] if rest else ""
            if event == "serial":
                self.marks.append({**item, "text": words})
                return
            values = dict(word.split("=", 1) for word in words.split())
            if "count" not in values:
                self.marks.append({**item, **values})
                return
            item |= {"count": int(values.pop("count")), "last": int(values.pop("last"))}
            if "gpa" in values:
                item |= {"gpa": int(values.pop("gpa"), 16), "size": int(values.pop("size"), 16)}
            item["key"] = next(iter(values.values()), "")
        except (KeyError, ValueError) as error:
            raise Malformed(f"no line of a trace of spans: {line}") from error
        (self.ranges if "gpa" in item else self.spans).append(item)

    def cpus(self):
        return sorted({mark["cpu"] for mark in self.marks if mark["event"] == "vcpu_start"})

    def time_of(self, event, cpu=None, after=0):
        """Of the first mark of this event; None: there is none."""
        return next((mark["at"] for mark in self.marks if mark["event"] == event
                     and cpu in (None, mark["cpu"]) and mark["at"] >= after), None)

    def time_of_line(self, pattern, after=0):
        return next((mark["at"] for mark in self.marks if mark["event"] == "serial"
                     and mark["at"] >= after and pattern.search(mark["text"])), None)

    def of_the_td(self, cpu, after=0):
        """When the vCPU first did something that the module or the host sees."""
        return next((span["at"] for span in self.spans if span["event"] in OF_THE_TD
                     and span["cpu"] == cpu and span["at"] >= after), None)

    def accepts(self, cpu, before):
        return [item for item in self.ranges if item["event"] == "private_page"
                and item["key"] == "MAPPED" and item["cpu"] == cpu and 0 <= item["at"] < before]


def extends(trace, files):
    """The EXTENDs of all RTMRs. files: what is known, by its digest."""
    events = []
    for mark in trace.marks:
        if mark["event"] == "rtmr_extend":
            digest = "".join(f"{int(mark[f'digest{i}'], 16):016x}" for i in range(6))
            register = int(mark["register"], 16)
            events.append({"at": mark["at"], "cpu": mark["cpu"], "register": register,
                           "digest": digest, "what": files.get(digest, "")})
    return events


def replay(events):
    """What the RTMRs are after all EXTENDs."""
    registers = [bytes(48)] * 4
    for event in events:
        registers[event["register"]] = hashlib.sha384(
            registers[event["register"]] + bytes.fromhex(event["digest"])).digest()
    return [register.hex() for register in registers]


def load_phases(trace, events, cpu):
    """Of each file that is measured: its bytes come until the last TDVMCALL before its EXTEND, and
    are hashed from there on."""
    points = []
    begin = None
    for event in events:
        if event["what"] in FILES and begin is not None:
            calls = [span["last"] for span in trace.spans if span["event"] == "tdvmcall"
                     and span["cpu"] == cpu and begin <= span["last"] < event["at"]]
            points += [(begin, "payload load"), (max(calls, default=begin), "hash")]
        if event["what"] in FILES or event["what"] == "separator":
            begin = event["at"]
    if points:
        points.append((begin, "hand-over"))
    return points


def boot_points(trace, events, cpu, kernel):
    """(when, phase that begins then) of the boot processor, up to the kernel."""
    points = [(trace.first, "host: TD built"), (trace.time_of("vcpu_start", cpu), "reset"),
              (trace.of_the_td(cpu), "long mode")]
    accepts = trace.accepts(cpu, kernel)
    if accepts:
        begin = accepts[0]["at"]
        # It ends with what is no acceptance; what is accepted later are a few pages.
        other = min([item["at"] for item in trace.marks + trace.ranges if item["at"] > begin
                     and item["cpu"] == cpu and item["event"] != "private_page"] + [kernel])
        end = max(item["last"] for item in trace.accepts(cpu, other))
        points += [(begin, "acceptance"), (end, "devices and tables")]
    return points + load_phases(trace, [event for event in events if event["at"] < kernel], cpu)


def ap_points(trace, cpu, kernel):
    points = [(trace.time_of("vcpu_start", cpu), "reset"), (trace.of_the_td(cpu), "long mode")]
    busy = accepts = trace.accepts(cpu, kernel)
    if accepts:
        points.append((accepts[0]["at"], "acceptance"))
    else:
        busy = [span for span in trace.spans if span["cpu"] == cpu
                and span["event"] in OF_THE_TD and span["last"] < kernel]
    points.append((max((item["last"] for item in busy), default=None), "AP wait"))
    return points


def phases(trace, events, cpu):
    """[[name, begin, end]] of a vCPU, without a hole from its first one on."""
    end = trace.time_of("td_end") or trace.last
    kernel = trace.time_of_line(KERNEL)
    before = end if kernel is None else kernel
    if cpu == trace.cpus()[0]:
        points = boot_points(trace, events, cpu, before)
        woken = kernel
    else:
        points = ap_points(trace, cpu, before)
        woken = None if kernel is None else trace.of_the_td(cpu, kernel)
    if woken is not None:
        user = trace.time_of_line(USER_SPACE, kernel)
        points += [(woken, "kernel"), (None if user is None else max(user, woken), "user space")]
    points = [point for point in points if point[0] is not None and point[0] < end]
    points.append((end, "host: TD taken down"))
    # Of two that begin together the second counts; sorted() keeps their order.
    points = sorted(points, key=lambda point: point[0])
    ends = [point[0] for point in points[1:]] + [trace.last]
    return [[name, begin, stop] for (begin, name), stop in zip(points, ends) if begin < stop]


def series(trace):
    """{event: {key: {cpu: [begin, length, count, ...]}}}, each begin from the one before."""
    table = {}
    ends = {}
    for span in trace.spans:
        numbers = table.setdefault(span["event"], {}).setdefault(span["key"], {}).setdefault(
            span["cpu"], [])
        place = (span["event"], span["key"], span["cpu"])
        numbers += [span["at"] - ends.get(place, 0), span["last"] - span["at"], span["count"]]
        ends[place] = span["at"]
    return table


def memory_states(trace):
    """[begin, end, state, GPA, size] of each change, in the order of time."""
    states = []
    for item in trace.ranges:
        if item["event"] == "map_gpa":
            state = "shared" if item["key"] == "shared" else "free"
        elif item["key"] == "MAPPED":
            state = "added" if item["at"] < 0 else "accepted"
        else:
            state = {"FREE": "free", "PENDING": "pending"}.get(item["key"], "blocked")
        states.append([item["at"], item["last"], state, item["gpa"], item["size"]])
    return states


def known_files(kernel=None, initrd=None, command_line=None):
    """Digests of what the TD was given: each a file's bytes, or None."""
    known = {SEPARATOR: "separator"}
    for name, content in zip(FILES, (kernel, initrd, command_line)):
        if content is not None:
            known[hashlib.sha384(content).hexdigest()] = name
    return known


def model(lines, title, facts, files, instructions=False):
    """All that the page shows of one run. facts: [name, text]; files: of known_files();
    instructions: the time of the trace is 1000 of them."""
    trace = Trace(lines)
    events = extends(trace, files)
    log = [[mark["at"], mark["cpu"], mark["text"]] for mark in trace.marks
           if mark["event"] == "serial"]
    return {
        "title": title, "facts": facts, "unit": "instructions" if instructions else "time",
        "first": trace.first, "last": trace.last,
        "lanes": [{"cpu": cpu, "phases": phases(trace, events, cpu)} for cpu in trace.cpus()],
        "series": series(trace), "memory": memory_states(trace),
        "extends": events, "registers": replay(events), "log": log,
    }


def page(runs):
    """The page, with nothing in it that comes from elsewhere."""
    with open(TEMPLATE, encoding="utf-8") as text:
        template = text.read()
    # No "<" of the data is one of the page.
    data = json.dumps({"runs": runs}, separators=(",", ":")).replace("<", "\\u003c")
    title = html.escape(" / ".join(run["title"] for run in runs))
    return template.replace("@TITLE@", title).replace("@RUNS@", data)


def read_report(path):
    """The run of a page."""
    try:
        with open(path, encoding="utf-8") as text:
            found = DATA.search(text.read())
        runs = json.loads(found.group(1))["runs"] if found else []
    except (OSError, ValueError, KeyError) as error:
        raise Malformed(f"{path}: {error}") from error
    if len(runs) != 1:
        raise Malformed(f"{path}: no report of one run")
    return runs[0]


def main(words):
    if len(words) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        text = page([read_report(words[0]), read_report(words[1])])
        with open(words[2], "w", encoding="utf-8") as out:
            out.write(text)
    except (Malformed, OSError) as error:
        print(f"tdreport: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
