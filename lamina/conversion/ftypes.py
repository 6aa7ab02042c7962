"""The types of file that llama.cpp can write, by its own names."""

from lamina.errors import InvalidInputError

UNQUANTIZED = ("F32", "F16", "BF16")
# llama.cpp refuses to make these without an importance matrix: plain rounding ruins them.
NEED_IMPORTANCE = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "Q2_K_S", "IQ3_XXS")
_PREFIX = "LLAMA_FTYPE_MOSTLY_"


def quantized_types() -> tuple[str, ...]:
    """Every type that llama.cpp's enumeration knows, but the unquantized."""
    import llama_cpp

    names = (name.removeprefix(_PREFIX) for name in dir(llama_cpp) if name.startswith(_PREFIX))
    return tuple(sorted(set(names) - {*UNQUANTIZED}))


def type_name(number: int) -> str:
    """The type of a whole file, which GGUF numbers as `general.file_type`."""
    import llama_cpp

    names = (*UNQUANTIZED, *quantized_types())
    numbers = {getattr(llama_cpp, _PREFIX + name, 0): name for name in names}  # 0: all in F32
    return numbers.get(number, "of an unknown type")


def checked_ftype(name: str, *, importance: bool = False) -> str:
    """The type's name as llama.cpp spells it.

    Raises:
        InvalidInputError: unknown, or it needs an importance matrix and there is none.

    """
    known = (*UNQUANTIZED, *quantized_types())
    wanted = name.upper()
    if wanted not in known:
        msg = f"ftype {name!r} is unknown; choose one of {', '.join(known)}"
        raise InvalidInputError(msg)
    if importance and wanted in UNQUANTIZED:
        msg = f"ftype {wanted} rounds nothing, so an importance matrix is of no use; leave it out"
        raise InvalidInputError(msg)
    if wanted in NEED_IMPORTANCE and not importance:
        msg = f"ftype {wanted} needs an importance matrix; name a layer with --imatrix"
        raise InvalidInputError(msg)
    return wanted
