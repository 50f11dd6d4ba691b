"""In which encoding a text is written, and reading it line by line without ever holding a long one."""

import codecs
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from charset_normalizer import from_bytes

UTF_8 = "utf-8"
_WESTERN = "cp1252"
_PIECE = 1024 * 1024
_SAMPLE_BYTES = 32 * 1024
_BOMS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_AROUND = 200
_HIGH = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
# Latin alphabets, the likeliest first; and those of other scripts, which statistics tell apart.
_LATIN = (_WESTERN, "cp1250", "cp850", "mac_roman")
_OTHER_SCRIPTS = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"]
_TOO_FEW_BYTES = 8


class LongLineError(Exception):
    """A line is longer than it may be; `start` is as much of it as was read."""

    def __init__(self, start: str) -> None:
        super().__init__()
        self.start = start


def detect_encoding(file: BinaryIO) -> str:
    """The encoding of an open file, which is left at its start. The whole file is looked at, piece by piece.

    A byte order mark decides; then UTF-8 if the file is that, or is for the most part (what is not becomes a problem of
    its row); then the alphabet that explains the bytes best.
    """
    file.seek(0)
    start = file.read(4096)
    marked = next((name for bom, name in _BOMS if start.startswith(bom)), "")
    found = marked or _utf16_without_mark(start) or _by_its_bytes(file)
    file.seek(0)
    return found


def text_lines(file: BinaryIO, encoding: str, longest: int) -> Iterator[str]:
    """The lines of an open file with their ends, whatever those are. A byte that is no character becomes half a UTF-16
    pair or U+FFFD, so that its row can be named.

    Raises:
        LongLineError: a line has more than `longest` characters.
    """
    file.seek(0)
    # Half a pair can stand only for a single byte.
    errors = "replace" if encoding.startswith(("utf-16", "utf-32", "utf-7")) else "surrogateescape"
    text = io.TextIOWrapper(file, "utf-8-sig" if encoding == UTF_8 else encoding, errors, newline="")
    try:
        while line := text.readline(longest + 1):
            if len(line) > longest:
                raise LongLineError(line)
            yield line
    finally:
        if not file.closed:
            text.detach()


def _utf16_without_mark(start: bytes) -> str:
    """Every second byte of Latin text in UTF-16 is zero; in anything else hardly any is."""
    pairs = len(start) // 2
    high, low = start[0 : 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0)
    if low > 0.4 * pairs and not high:
        return "utf-16-le"
    return "utf-16-be" if high > 0.4 * pairs and not low else ""


def _by_its_bytes(file: BinaryIO) -> str:
    decoder = codecs.getincrementaldecoder(UTF_8)()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _not_all_utf8(_sample(file))
    return UTF_8


def _sample(file: BinaryIO) -> bytes:
    """The first bytes that are not ASCII, with some of the lines they stand in."""
    sample = bytearray()
    file.seek(0)
    while len(sample) < _SAMPLE_BYTES and (piece := file.read(_PIECE)):
        end = 0
        for high in _HIGH.finditer(piece):
            if high.start() < end:
                continue
            begin = max(end, high.start() - _AROUND)
            begin = max(begin, piece.rfind(b"\n", begin, high.start()) + 1)
            end = high.end() + _AROUND
            sample += piece[begin:end]
            if len(sample) >= _SAMPLE_BYTES:
                break
    return bytes(sample)


def _not_all_utf8(sample: bytes) -> str:
    words = [word for word in _WORD.findall(sample) if not word.isascii()]
    if 2 * sum(map(_is_utf8, words)) >= len(words):
        return UTF_8
    letters = b"".join(words)
    latin = len(_ASCII_LETTER.findall(letters))
    if len(letters) - latin >= max(latin, _TOO_FEW_BYTES):
        best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS).best()
        if best is not None:
            return codecs.lookup(best.encoding).name
    return codecs.lookup(min(_LATIN, key=lambda name: _oddness(words, name))).name


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True


def _oddness(words: list[bytes], encoding: str) -> int:
    """How much in these words no name would have: characters that are not letters, capitals after small letters."""
    odd = 0
    for word in words:
        text = word.decode(encoding, errors="replace")
        odd += sum(not character.isalpha() or character in "ƒªº" for character in text)
        odd += sum(before.islower() and after.isupper() for before, after in pairwise(text))
    return odd
