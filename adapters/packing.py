"""``msgspec``, or what a worker needs of it where an interpreter has none.

Nothing is installed into somebody's environment: there the messages are packed by the lines below,
as msgspec packs them.  Other modules take the name ``msgspec`` from here.
"""

from __future__ import annotations

import copy
import inspect
import json
import struct
import typing
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Union

if TYPE_CHECKING:
    import msgspec
else:
    try:
        import msgspec
    except ImportError:
        msgspec = None

__all__ = ["msgspec"]


class MsgspecError(Exception):
    """As msgspec's: bytes or values that are not of the type."""


def own_annotations(cls: type) -> Any:
    """Those of a class itself."""
    if hasattr(inspect, "get_annotations"):  # since Python 3.10
        return inspect.get_annotations(cls)
    return vars(cls).get("__annotations__", {})


class Struct:
    """As msgspec's, with the class arguments that the protocol uses."""

    __struct_tag__: ClassVar[Any] = None
    __struct_fields__: ClassVar[Any] = ()
    __struct_defaults__: ClassVar[Any] = MappingProxyType({})

    def __init_subclass__(cls, *, tag: str = "", tag_field: str = "type", **_: Any) -> None:
        cls.__struct_tag__ = (tag_field, tag) if tag else None
        cls.__struct_fields__ = tuple(own_annotations(cls))
        cls.__struct_defaults__ = {
            name: vars(cls)[name] for name in cls.__struct_fields__ if name in vars(cls)
        }

    def __init__(self, *values: Any, **named: Any) -> None:
        if len(values) > len(self.__struct_fields__):
            raise TypeError(f"{type(self).__name__} takes {len(self.__struct_fields__)} fields")
        given = {**dict(zip(self.__struct_fields__, values)), **named}  # noqa: B905 - Python 3.8
        for name in self.__struct_fields__:
            if name in given:
                value = given.pop(name)
            elif name in self.__struct_defaults__:
                value = copy.copy(self.__struct_defaults__[name])
            else:
                raise TypeError(f"{type(self).__name__} needs {name}")
            object.__setattr__(self, name, value)
        if given:
            raise TypeError(f"{type(self).__name__} has no {', '.join(given)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} does not change")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


def replace(value: Any, **changes: Any) -> Any:
    """A struct with some fields changed."""
    return type(value)(**{**vars(value), **changes})


def plain(value: Any) -> Any:
    """A struct as a dictionary, its tag first; anything else as it is."""
    if not isinstance(value, Struct):
        return value
    tag = dict([value.__struct_tag__] if value.__struct_tag__ else [])
    return {**tag, **vars(value)}


def packed(value: Any) -> bytes:
    """A value in msgpack."""
    parts: list[bytes] = []
    pack(value, parts.append)
    return b"".join(parts)


def head(size: int, short: tuple[int, int] | None, codes: tuple[int, ...]) -> bytes:
    """How msgpack announces something of a size: in one byte, or with 8, 16 or 32 bits."""
    if short and size <= short[1]:
        return bytes([short[0] | size])
    for code, (form, most) in zip(codes, FORMS[-len(codes) :]):  # noqa: B905 - Python 3.8
        if size <= most:
            return bytes([code]) + struct.pack(form, size)
    raise OverflowError(f"{size} is more than msgpack holds")


FORMS = ((">B", 0xFF), (">H", 0xFFFF), (">I", 0xFFFFFFFF))


def pack(value: Any, put: Any) -> None:
    """Write a value; raises TypeError for what msgpack has not."""
    value = plain(value)
    if value is None or value is True or value is False:
        put({None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value])
    elif isinstance(value, float):
        put(b"\xcb" + struct.pack(">d", value))
    elif isinstance(value, int):
        put(whole(value))
    elif isinstance(value, str):
        text = value.encode()
        put(head(len(text), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + text)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        put(head(len(value), None, (0xC4, 0xC5, 0xC6)))
        put(bytes(value))
    elif isinstance(value, (list, tuple)):
        put(head(len(value), (0x90, 15), (0xDC, 0xDD)))
        for item in value:
            pack(item, put)
    elif isinstance(value, dict):
        put(head(len(value), (0x80, 15), (0xDE, 0xDF)))
        for name, item in value.items():
            pack(name, put)
            pack(item, put)
    else:
        raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


def whole(value: int) -> bytes:
    """An integer, as short as it can be."""
    if -32 <= value < 0:
        return struct.pack("b", value)
    if value < 0:
        forms = ((0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q"))
        code, form = next((c, f) for c, f in forms if value >= -1 << 8 * struct.calcsize(f) - 1)
        return bytes([code]) + struct.pack(form, value)
    if value <= 0x7F:
        return bytes([value])
    forms = ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"))
    code, form = next((c, f) for c, f in forms if value < 1 << 8 * struct.calcsize(f))
    return bytes([code]) + struct.pack(form, value)


# Code to the form of what follows: a number, or the size of a text, bytes, list or map.
NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
SIZED = {
    0xC4: ("data", ">B"), 0xC5: ("data", ">H"), 0xC6: ("data", ">I"),
    0xD9: ("text", ">B"), 0xDA: ("text", ">H"), 0xDB: ("text", ">I"),
    0xDC: ("row", ">H"), 0xDD: ("row", ">I"), 0xDE: ("table", ">H"), 0xDF: ("table", ">I"),
}  # fmt: skip
# The same where the code holds the size: the first code, the last, and the bits of the size.
SHORT = ((0x80, 0x8F, "table"), (0x90, 0x9F, "row"), (0xA0, 0xBF, "text"))
WORDS = {0xC0: None, 0xC2: False, 0xC3: True}


class Reader:
    """Reads one value of msgpack after another."""

    def __init__(self, body: bytes) -> None:
        self.body, self.place = memoryview(body), 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        found = bytes(self.body[self.place : self.place + count])
        if len(found) < count:
            raise MsgspecError("Input data was truncated")
        self.place += count
        return found

    def number(self, form: str) -> Any:
        """The next number."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self) -> Any:
        """The next value."""
        code = self.take(1)[0]
        if code <= 0x7F or code >= 0xE0:
            return code if code <= 0x7F else code - 0x100
        for first, last, what in SHORT:
            if first <= code <= last:
                return getattr(self, what)(code - first)
        if code in NUMBERS:
            return self.number(NUMBERS[code])
        if code in SIZED:
            what, form = SIZED[code]
            return getattr(self, what)(self.number(form))
        if code not in WORDS:
            raise MsgspecError(f"MessagePack data is malformed: code {code:#x}")
        return WORDS[code]

    def data(self, size: int) -> bytes:
        return self.take(size)

    def text(self, size: int) -> str:
        return self.take(size).decode()

    def row(self, size: int) -> list[Any]:
        return [self.value() for _ in range(size)]

    def table(self, size: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(size)}


def unpacked(body: bytes) -> Any:
    """The value of a whole body."""
    reader = Reader(body)
    found = reader.value()
    if reader.place != len(body):
        raise MsgspecError("MessagePack data is malformed: trailing characters")
    return found


def hints(kind: Any) -> dict[str, Any]:
    """The types of a struct's fields."""
    if "__struct_types__" not in vars(kind):
        kind.__struct_types__ = typing.get_type_hints(kind)
    found: dict[str, Any] = kind.__struct_types__
    return found


def convert(value: Any, kind: Any) -> Any:
    """A value that was read, as the type says; raises MsgspecError where it is not of it."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or (origin is typing.Literal and value in parts) or type(value) is kind:
        return value
    if origin is Union:
        return chosen(value, parts)
    if origin in (list, tuple) and isinstance(value, list):
        return origin(convert(item, parts[0]) for item in value)
    if origin is dict and isinstance(value, dict):
        return {convert(k, parts[0]): convert(v, parts[1]) for k, v in value.items()}
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return struct_of(value, kind)
    raise MsgspecError(
        f"Expected `{getattr(kind, '__name__', kind)}`, got `{type(value).__name__}`"
    )


def chosen(value: Any, kinds: tuple[Any, ...]) -> Any:
    """A value of one of several types: a struct by its tag."""
    for kind in kinds:
        tag = getattr(kind, "__struct_tag__", None)
        if tag and isinstance(value, dict) and value.get(tag[0]) == tag[1]:
            return convert(value, kind)
        if not tag and type(value) is kind:
            return value
        if not tag and isinstance(value, dict) and issubclass(kind, Struct):
            return convert(value, kind)
    return convert(value, float) if float in kinds and type(value) is int else refuse(value, kinds)


def refuse(value: Any, kinds: tuple[Any, ...]) -> Any:
    """Say that a value is of none of the types."""
    names = " | ".join(kind.__name__ for kind in kinds)
    raise MsgspecError(f"Expected `{names}`, got `{type(value).__name__}`")


def struct_of(value: Any, kind: Any) -> Any:
    """A struct of a dictionary; fields that it has not are passed over."""
    if not isinstance(value, dict):
        raise MsgspecError(f"Expected `object`, got `{type(value).__name__}`")
    if kind.__struct_tag__ and value.get(kind.__struct_tag__[0]) != kind.__struct_tag__[1]:
        raise MsgspecError(f"Object missing required field `{kind.__struct_tag__[0]}`")
    fields = hints(kind)
    try:
        return kind(
            **{name: convert(value[name], fields[name]) for name in fields if name in value}
        )
    except TypeError as error:
        raise MsgspecError(f"Object missing required field: {error}") from error


class Encoder:
    """As ``msgspec.msgpack.Encoder``."""

    encode = staticmethod(packed)


class Decoder:
    """As ``msgspec.msgpack.Decoder``."""

    def __init__(self, kind: Any = Any) -> None:
        self.kind = kind

    def decode(self, body: bytes) -> Any:
        """The value of a whole body, of this type."""
        return convert(unpacked(body), self.kind)


def from_json(text: str, type: Any = Any) -> Any:  # noqa: A002 - msgspec's own word
    """The value of a JSON text, of this type."""
    return convert(json.loads(text), type)


OWN = SimpleNamespace(
    Struct=Struct,
    MsgspecError=MsgspecError,
    structs=SimpleNamespace(replace=replace),
    msgpack=SimpleNamespace(Encoder=Encoder, Decoder=Decoder),
    json=SimpleNamespace(decode=from_json),
)
if not TYPE_CHECKING and msgspec is None:
    msgspec = OWN
