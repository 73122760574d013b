"""MessagePack as the desk writes it, one value after the other. Python's standard library has no reader of it."""

import struct

# Byte: how the length or the value after it is written.
TEXT = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I", 0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}
LIST = {0xDC: ">H", 0xDD: ">I"}
TABLE = {0xDE: ">H", 0xDF: ">I"}
NUMBER = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
CONSTANT = {0xC0: None, 0xC2: False, 0xC3: True}


def lines(data):
    """The tables that the nats command line printed raw: a line break after each that does not end with that byte itself."""
    at, values = 0, []
    while at < len(data):
        value, at = read(data, at)
        values.append(value)
        if not isinstance(value, dict):
            raise ValueError(f"what ends at {at} is no message")
        at += data[at:at + 1] == b"\n"
    return values


def read(data, at):
    """The value at `at`, and where it ends."""
    kind = data[at]
    at += 1
    if kind < 0x80:
        return kind, at
    if kind >= 0xE0:
        return kind - 256, at
    if kind < 0x90:
        return table(data, at, kind & 15)
    if kind < 0xA0:
        return several(data, at, kind & 15)
    if kind < 0xC0:
        return text(data, at, kind & 31)
    if kind in CONSTANT:
        return CONSTANT[kind], at
    for formats, reader in ((NUMBER, None), (TEXT, text), (LIST, several), (TABLE, table)):
        if kind in formats:
            (number,) = struct.unpack_from(formats[kind], data, at)
            at += struct.calcsize(formats[kind])
            return (number, at) if reader is None else reader(data, at, number)
    raise ValueError(f"byte {kind:#x} at {at - 1} is not MessagePack as the desk writes it")


def text(data, at, length):
    return data[at:at + length].decode("utf-8", "replace"), at + length


def several(data, at, count):
    values = []
    for _ in range(count):
        value, at = read(data, at)
        values.append(value)
    return values, at


def table(data, at, count):
    entries = {}
    for _ in range(count):
        key, at = read(data, at)
        entries[key], at = read(data, at)
    return entries, at
