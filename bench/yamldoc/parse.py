"""YAML text to located nodes: strict, bounded, and with every fault at its place.

ruamel.yaml scans the text into events; the tree is made here, so that a duplicate key, an
alias or a tag is judged where it stands, and so that no input costs more than its own size:
nothing recurses, and an alias counts as what it stands for before anything is copied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from bench.core.errors import Diagnostic, ScenarioError
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series, resolve_plain
from bench.yamldoc.source import Place, Source
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_NODES = 40_000
DEEPEST = 50


@dataclass
class _Open:
    """A list or mapping whose end has not been read yet."""

    place: Place
    is_map: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: list[Node] = field(default_factory=list)
    merge_seen: bool = False
    key: Node | None = None
    tag: str = ""


_CORE = "tag:yaml.org,2002:"
"""The prefix of YAML's own tags, such as that of `!!str`."""


def parse_yaml(
    source: Source, text: str | None = None, *, tags: Collection[str] = ()
) -> tuple[Node | None, list[Diagnostic]]:
    """The one document in `source` (None where it is empty), and faults that left it whole.

    Args:
        source: what messages quote.
        text: what is read, where that is only a part of the source; it must keep the columns.
        tags: tags that values may have beside those of YAML itself; where empty, none may.

    Raises:
        ScenarioError: it is no YAML, or more than a scenario can be.
    """
    builder = _TreeBuilder(source, tags)
    for event in _events(source, source.text if text is None else text):
        builder.take(event)
    return builder.root, builder.faults


def _events(source: Source, text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    last = source.at(1, 1)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = _place(source, event.end_mark)
            yield event
    except MarkedYAMLError as error:
        problem = str(error.problem or error.context)
        unclosed = "end of stream" in problem and error.context_mark is not None
        mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
        place = _place(source, mark) if mark else source.at(1, 1)
        raise ScenarioError([_syntax_fault(place, problem)]) from None
    except ReaderError as error:
        before = Source(source.name, text[: error.position]).lines
        place = source.at(len(before), len(before[-1]) + 1)
        fault = f"a control character (U+{ord(text[error.position]):04X})"
        raise ScenarioError([place.diagnostic(fault, "take it out")]) from None
    except AssertionError:  # of the parser's, at a %YAML that it does not know
        fault = "another version of YAML"
        raise ScenarioError(
            [last.find("%YAML").diagnostic(fault, "this is read as YAML 1.2: leave the line out")]
        ) from None
    except (ValueError, OverflowError):
        fault = "an escape for a character that does not exist"
        raise ScenarioError([last.find("\\U").diagnostic(fault, "leave it out")]) from None
    except YAMLError as error:
        raise ScenarioError([last.diagnostic(f"not YAML: {error}")]) from None


def _place(source: Source, mark: Any) -> Place:
    return source.at(mark.line + 1, mark.column + 1)


_SYNTAX = (
    ("'\\t'", "a tab where only spaces may stand", "indent with spaces"),
    ("'%'", "a value cannot begin with %", "put the value in quotes"),
    ("'@'", "a value cannot begin with @", "put the value in quotes"),
    ("'`'", "a value cannot begin with `", "put the value in quotes"),
    (
        "mapping values are not allowed",
        "`: ` where no key can stand",
        "put a value that contains `: ` in quotes; else look at the indentation and the line above",
    ),
    ("could not find expected ':'", "a key without a colon above here", "write `key: value`"),
    (
        "expected <block end>",
        "this does not fit what stands above it",
        "align it with its like, and put nothing after a closing quote",
    ),
    ("unexpected end of stream", "a quote that is not closed", "close it"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing", "close it before here"),
    ("sequence entries are not allowed", "a list item where none can stand", "begin a new line"),
    ("expected the node content", "a value is missing here", ""),
    ("unknown escape", "an escape that YAML does not know", "use single quotes, or \\\\"),
    ("incompatible YAML", "another version of YAML", "this is read as YAML 1.2"),
)


def _syntax_fault(place: Place, problem: str) -> Diagnostic:
    line = place.source.lines[place.line - 1] if place.line <= len(place.source.lines) else ""
    if line[: place.col].endswith("${"):
        dollar = place.source.at(place.line, place.col - 1)
        return dollar.diagnostic("a variable within { } or [ ]", 'put it in quotes: "${VAR}"')
    for sign, message, suggestion in _SYNTAX:
        if sign in problem:
            return place.diagnostic(message, suggestion)
    return place.diagnostic(f"not YAML: {problem}")


class _TreeBuilder:
    """Makes the tree from the events, one at a time."""

    def __init__(self, source: Source, tags: Collection[str]) -> None:
        self.source = source
        self._tags = tags
        self.root: Node | None = None
        self.faults: list[Diagnostic] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, str] | None] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Add what `event` says."""
        from ruamel.yaml import events

        place = _place(self.source, event.start_mark)
        match event:
            case events.DocumentStartEvent():
                self._document(event, place)
            case events.ScalarEvent():
                self._scalar(event, place)
            case events.AliasEvent():
                self._alias(event, place)
            case events.SequenceStartEvent() | events.MappingStartEvent():
                self._open(event, place, is_map=isinstance(event, events.MappingStartEvent))
            case events.SequenceEndEvent() | events.MappingEndEvent():
                self._close()

    def _document(self, event: Any, place: Place) -> None:
        self._documents += 1
        if self._documents > 1:
            fatal(place, "a second document", "one scenario is one document in one file")
        if event.version not in (None, (1, 2)):
            fatal(place, "another version of YAML", "this is read as YAML 1.2: leave the line out")

    def _scalar(self, event: Any, place: Place) -> None:
        tag = self._tag(event, place)
        text = event.value
        plain = not event.style and tag != f"{_CORE}str"
        if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
            fatal(place, "an escape for a character that is not text", "leave it out")
        node = Scalar(place, resolve_plain(text) if plain else text, text, plain)
        if event.anchor:
            self._anchors[event.anchor] = (node, tag)
        self._add(node, place, tag)

    def _alias(self, event: Any, place: Place) -> None:
        name = shown(event.anchor)[1:-1]
        if event.anchor not in self._anchors:
            fatal(place, f"no anchor &{name} above here", "write it where the value first stands")
        found = self._anchors[event.anchor]
        if found is None:
            fatal(place, f"the alias *{name} stands inside what it stands for")
        self._add(found[0], place, found[1])

    def _open(self, event: Any, place: Place, *, is_map: bool) -> None:
        tag = self._tag(event, place)
        if len(self._stack) >= DEEPEST:
            fatal(place, f"nested more than {DEEPEST} levels deep")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(place, is_map, event.anchor, tag=tag))

    def _close(self) -> None:
        done = self._stack.pop()
        for merged in done.merged:
            if not isinstance(merged, Map):
                fatal(merged.place, "`<<` takes a mapping", "write `<<: *anchor`")
            for key, entry in merged.entries.items():
                done.entries.setdefault(key, entry)
        node: Node
        if done.is_map:
            node = Map(done.place, done.entries)
        else:
            node = Series(done.place, tuple(done.items))
        if done.anchor:
            self._anchors[done.anchor] = (node, done.tag)
        self._nodes -= node.size - 1  # what is in it was counted as it came
        self._add(node, done.place, done.tag)

    def _tag(self, event: Any, place: Place) -> str:
        tag = "" if event.ctag is None else str(event.ctag)
        known = not tag or tag in self._tags or (self._tags and tag.startswith(_CORE))
        if not known:
            fatal(place, f"a YAML tag ({shown(tag)[1:-1]})", "write the value without it")
        return tag

    def _add(self, node: Node, place: Place, tag: str) -> None:
        self._nodes += node.size
        if self._nodes > MOST_NODES:
            fatal(place, f"more than {MOST_NODES} values, aliases counted as what they stand for")
        if len(self._stack) + node.depth > DEEPEST:
            fatal(place, f"nested more than {DEEPEST} levels deep")
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        if not top.is_map and tag in self._tags:
            fatal(place, f"a YAML tag ({tag}) at an item of a list", "write it at the whole list")
        if not top.is_map:
            top.items.append(node)
        elif top.key is None:
            top.key = node
        else:
            key, top.key = top.key, None
            self._pair(top, key, node, tag)

    def _pair(self, top: _Open, key: Node, node: Node, tag: str) -> None:
        if not isinstance(key, Scalar):
            fatal(
                key.place,
                "a list or mapping where a key is expected",
                "put a value that begins with { or [ in quotes; there are no templates",
            )
        is_merge = key.plain and key.text == "<<"
        if key.text in top.entries or (is_merge and top.merge_seen):
            first = top.entries[key.text].place.line if not is_merge else 0
            where = f"; the first stands in line {first}" if first else ""
            fault = f"the key {shown(key.text)} stands here twice{where}"
            self.faults.append(key.place.diagnostic(fault, "keep one of them"))
        elif is_merge:
            top.merge_seen = True
            top.merged = list(node.items) if isinstance(node, Series) else [node]
        else:
            top.entries[key.text] = Entry(key.place, node, tag)


def fatal(place: Place, message: str, suggestion: str = "") -> NoReturn:
    """Stop at `place`.

    Raises:
        ScenarioError: always.
    """
    raise ScenarioError([place.diagnostic(message, suggestion)])
