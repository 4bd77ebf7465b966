"""Codes of readers: where one ends, and what is none."""

from drivers.codes import Code, CodeFramer


def test_silence_ends_the_codes_of_a_reader_that_sends_no_mark() -> None:
    reader = CodeFramer(b"\r")
    assert reader.feed(b"HS-0001-1") == []
    assert reader.flush() == [Code(b"HS-0001-1", b"")]


def test_a_code_cut_off_is_not_the_code_of_another_volume() -> None:
    reader = CodeFramer(b"\r")
    assert reader.feed(b"HS-0001-12\r") == [Code(b"HS-0001-12", b"\r")]
    assert reader.feed(b"HS-0001-1") == []  # the cable went before the last sign and the mark
    assert reader.flush() == []
    assert reader.noise == len(b"HS-0001-1")
    assert reader.feed(b"HS-0001-12\r") == [Code(b"HS-0001-12", b"\r")]
