# Finds where a source of C or nasm can be broken in a small way, and breaks it by chance.
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A mutant is one small change of one source: another operator, a number off by one, a constant off
by one or left out of a sum of bits, other rights of a page, a condition negated, a statement or an
instruction left out. Text, comments and lines of the preprocessor but #define stay as they are, and
so do CHECK() and _Static_assert(): what holds always shows nothing when it is weaker.
"""

import dataclasses
import random
import re

TOKEN = re.compile(r"""
    (?P<none>//[^\n]*|/\*.*?\*/|\s+|\\\n
        |^\#[ ]*define[ ]+\w+(?:\([^)]*\))?|^\#(?:[^\n]*\\\n)*[^\n]*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<op><<=|>>=|->|\.\.\.|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

# With a space on both sides.
BINARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||",
          "||": "&&", "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&": "|", "|": "&",
          "^": "|", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=",
          "<<=": ">>=", ">>=": "<<="}
UNARY = {"++": "--", "--": "++", "!": "", "~": ""}
WORDS = {"true": "false", "false": "true", "PT_R": "PT_RW", "PT_RX": "PT_RW", "PT_RW": "PT_RX",
         "PT_RWX": "PT_RX"}
HOLDS_ALWAYS = ("CHECK", "_Static_assert")
# How a statement that is no declaration begins, or what stands after its first word.
FIRST = ("break", "continue", "*", "(", "++", "--")
AFTER_FIRST = ("(", "->", ".", "[", "=", "+=", "-=", "|=", "&=", "<<=", ">>=", "++", "--")
KEYWORDS = ("if", "for", "while", "switch", "return", "case", "default", "do", "else", "sizeof")

JUMPS = {"je": "jne", "jz": "jnz", "jb": "jae", "jc": "jnc", "ja": "jbe", "jl": "jge", "jg": "jle",
         "js": "jns"}
JUMPS |= {to: of for of, to in JUMPS.items()}


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str   # from the root of the tree
    text: str   # all of the file
    at: int     # where it is changed
    old: str
    new: str

    def broken(self):
        return self.text[:self.at] + self.new + self.text[self.at + len(self.old):]

    def __str__(self):
        line = self.text.count("\n", 0, self.at) + 1
        shown = " ".join(self.old.split())
        return f"{self.file}:{line}: {shown} -> {self.new.strip() or 'nothing'}"


@dataclasses.dataclass
class Token:
    kind: str
    at: int
    text: str


def tokens_of(text):
    return [Token(found.lastgroup, found.start(), found[0]) for found in TOKEN.finditer(text)
            if found.lastgroup != "none"]


def number_off(text, by):
    digits = text.rstrip("uUlL")
    value = int(digits, 0) + by
    return (f"{value:#x}" if "x" in digits.lower() else str(value)) + text[len(digits):]


def closing(tokens, opening):
    """The place of the bracket that closes this one."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += tokens[place].text in ("(", "[", "{")
        depth -= tokens[place].text in (")", "]", "}")
        if depth == 0:
            return place
    raise ValueError(f"nothing closes what opens at {tokens[opening].at}")


def statement_end(tokens, first):
    """The place of the ';' of an expression statement, break or continue that begins here, or
    None."""
    word, after = tokens[first], tokens[first + 1].text
    if word.text in KEYWORDS or word.text not in FIRST and not (
            word.kind == "word" and after in AFTER_FIRST):
        return None
    place = first
    while tokens[place].text not in (")", "]", "}", ";"):
        place = (closing(tokens, place) if tokens[place].text in ("(", "[", "{") else place) + 1
    return place if tokens[place].text == ";" else None


def changes_of_c(text):
    """[(at, old, [new, ...])] in the order of the text."""
    tokens = tokens_of(text)
    tokens.append(Token("op", len(text), ";"))
    found, place = [], 1
    while place < len(tokens) - 1:
        before, token, after = tokens[place - 1:place + 2]
        if token.text in HOLDS_ALWAYS and after.text == "(":
            place = closing(tokens, place + 1)
            continue
        if before.text in (";", "{", "}"):
            end = statement_end(tokens, place)
            if end is not None:
                old = text[token.at:tokens[end].at]
                found.append((token.at, old, ["\n" * old.count("\n")]))
        if token.text in ("if", "while") and after.text == "(":
            last = closing(tokens, place + 1)
            old = text[after.at:tokens[last].at + 1]
            found.append((after.at, old, [f"(!{old})"]))
        found += changes_of_token(text, before, token, after)
        place += 1
    return found


def changes_of_token(text, before, token, after):
    at, old = token.at, token.text
    if token.kind == "number":
        return [(at, old, [number_off(old, by) for by in (1, -1) if int(old.rstrip("uUlL"), 0) or
                           by > 0])]
    if token.kind == "op":
        spaced = f" {text} "[at].isspace() and f" {text} "[at + len(old) + 1].isspace()
        table = BINARY if spaced else UNARY
        return [(at, old, [table[old]])] if old in table else []
    if old in WORDS:
        return [(at, old, [WORDS[old]])]
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", old) is None or old == "NULL" or after.text == "(" or \
            before.text == "#":
        return []
    if before.text == "|":
        part = text[before.at:at + len(old)]
        return [(before.at, part, ["\n" * part.count("\n")])]
    return [(at, old, [f"({old} + 1)"])]


def changes_of_nasm(text):
    found = []
    for line in re.finditer(r"^\t([a-zA-Z]\w*)([^;\n]*)", text, re.MULTILINE):
        name = line[1]
        if name in ("db", "dw", "dd", "dq", "times", "align", "incbin", "resb"):
            continue
        found.append((line.start(), line[0], [""]))
        if name in JUMPS:
            found.append((line.start(1), name, [JUMPS[name]]))
        for word in re.finditer(r"\b(?:0x[0-9A-Fa-f]+|\d+)\b", line[2]):
            values = [number_off(word[0], by) for by in (1, -1) if int(word[0], 0) or by > 0]
            found.append((line.start(2) + word.start(), word[0], values))
        for word in re.finditer(r" \| [A-Z]\w*", line[2]):
            found.append((line.start(2) + word.start(), word[0], [""]))
    return found


def all_changes(files):
    """Of {name: text} every (name, at, old, [new, ...])."""
    return [(name, *change) for name, text in sorted(files.items())
            for change in (changes_of_nasm if name.endswith(".nasm") else changes_of_c)(text)]


def by_chance(files, seed, first, count):
    """Mutants number first, first + 1, ... of those that this seed makes of {name: text}: no place
    is changed twice."""
    chance = random.Random(seed)
    changes = all_changes(files)
    chance.shuffle(changes)
    made = [Mutant(name, files[name], at, old, chance.choice(new))
            for name, at, old, new in changes]
    return made[first:first + count]
