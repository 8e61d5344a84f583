#!/usr/bin/env python3
"""Makes an object file with what services need of Foundation's ICU data: time zones, properties of characters, and the
locale "en". All languages together take 34 MB of every program that has Swift's libraries inside.

Link with `-Xlinker --wrap=icudt76_dat -Xlinker OBJECT`.

Usage: scripts/icu.py TOOLCHAIN OBJECT, where TOOLCHAIN/lib/swift_static/linux/lib_FoundationICU.a is
"""

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

MEMBER = "icu_packaged_data.cpp.o"
# What the linker takes for icudt76_dat when it is told --wrap=icudt76_dat; the archive's own then stays where it is.
SYMBOL = "__wrap_icudt76_dat"
# A resource without a language is for all: root, supplements, zones, currencies' digits, numbering systems.
LANGUAGE = re.compile(
    r"^(?:(?:brkitr|coll|curr|lang|rbnf|region|translit|unit|zone)/)?([a-z]{2,3})(?:_[A-Za-z_0-9]+)?\.res$"
)
KEPT_LANGUAGES = {"en"}
# Words of languages that are written without spaces, rules to write one script in another, and spoken numbers.
LEFT_OUT = re.compile(r"^(?:translit/|rbnf/|brkitr/.*\.dict$|.*\.lstm$|.*\.cnv$|cnvalias\.icu$|unames\.icu$)")


def is_needed(name: str) -> bool:
    if LEFT_OUT.match(name):
        return False
    language = LANGUAGE.match(name)
    return language is None or language[1] in KEPT_LANGUAGES


def filtered(data: bytes) -> bytes:
    """A package of ICU's common data ("CmnD"): a header, a table of names and offsets, and what they stand for."""
    header_size = struct.unpack_from("<H", data)[0]
    if data[12:16] != b"CmnD":
        raise SystemExit("scripts/icu.py: this is no ICU data of one package")
    table = data[header_size:]
    count = struct.unpack_from("<I", table)[0]
    entries = [struct.unpack_from("<II", table, 4 + 8 * index) for index in range(count)]
    ends = [offset for _, offset in entries[1:]] + [len(table)]
    names, items = [], []
    for (name_offset, offset), end in zip(entries, ends):
        name = table[name_offset : table.index(b"\0", name_offset)]
        if is_needed(name.split(b"/", 1)[1].decode()):
            names.append(name + b"\0")
            items.append(table[offset:end])
    cursor = 4 + 8 * len(names)
    name_offsets = []
    for name in names:
        name_offsets.append(cursor)
        cursor += len(name)
    new_table = bytearray(struct.pack("<I", len(names)))
    body = bytearray()
    start = -(-cursor // 16) * 16
    for name_offset, item in zip(name_offsets, items):
        body += bytes(-len(body) % 16)
        new_table += struct.pack("<II", name_offset, start + len(body))
        body += item
    new_table += b"".join(names)
    new_table += bytes(start - len(new_table))
    return data[:header_size] + bytes(new_table) + bytes(body)


def main(toolchain: str, target: str) -> None:
    archive = Path(toolchain).resolve() / "lib/swift_static/linux/lib_FoundationICU.a"
    target_path = Path(target).resolve()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ar", "x", archive, MEMBER], cwd=folder, check=True)
        packaged = Path(folder, MEMBER)
        copy = ["objcopy", "-O", "binary", "--only-section=.rodata", packaged, "icu.dat"]
        subprocess.run(copy, cwd=folder, check=True)
        whole = Path(folder, "icu.dat").read_bytes()
        Path(folder, "icu.dat").write_bytes(filtered(whole))
        source = Path(folder, "icu.s")
        source.write_text(
            f'.section .rodata,"a",@progbits\n.balign 16\n.globl {SYMBOL}\n.type {SYMBOL}, @object\n'
            f'{SYMBOL}:\n.incbin "icu.dat"\n.size {SYMBOL}, . - {SYMBOL}\n.section .note.GNU-stack,"",@progbits\n'
        )
        subprocess.run(["as", "-o", target_path, "icu.s"], cwd=folder, check=True)
    print(f"{len(whole)} bytes of ICU data became {target_path.stat().st_size}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: scripts/icu.py TOOLCHAIN OBJECT")
    main(sys.argv[1], sys.argv[2])
