from lamina.serving.engine.transcript import Transcript


def pieces(transcript: Transcript, *parts: bytes) -> list[str]:
    return [transcript.add(part) for part in parts]


def test_a_character_cut_in_two_comes_whole() -> None:
    assert pieces(Transcript(), b"\xe2\x82", b"\xac") == ["", "\u20ac"]


def test_bytes_that_never_become_a_character_are_marked_at_the_end() -> None:
    transcript = Transcript()

    assert [transcript.add(b"\xe2"), transcript.finish()] == ["", "\ufffd"]


def test_nothing_after_a_stop_text_comes_through() -> None:
    transcript = Transcript(("END",))

    assert pieces(transcript, b"one END two", b" three") == ["one ", ""]
    assert transcript.stopped


def test_a_stop_text_over_several_tokens_is_held_back() -> None:
    assert pieces(Transcript(("END",)), b"aE", b"N", b"D", b"") == ["a", "", "", ""]


def test_what_only_looked_like_a_stop_text_comes_later() -> None:
    transcript = Transcript(("END",))

    assert [*pieces(transcript, b"aE", b"X", b"E"), transcript.finish()] == ["a", "EX", "", "E"]


def test_the_earliest_of_several_stop_texts_counts() -> None:
    assert pieces(Transcript(("long stop", "x")), b"axlong stop") == ["a"]


def test_the_first_space_of_an_answer_is_dropped_once() -> None:
    transcript = Transcript(strip_first_space=True)

    assert pieces(transcript, b"", b" ", b" a") == ["", "", " a"]
