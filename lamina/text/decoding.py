"""Bytes to text, in whatever encoding people saved it."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks


def decoded(content: bytes) -> str:
    """The text in whatever encoding it is: UTF-8 and UTF-16 as they say, else that of Windows."""
    for encoding in ("utf-16",) if content.startswith(UTF_16) else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
