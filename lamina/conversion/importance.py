"""An importance matrix: how strongly each input column of each weight is used by a layer's text.

llama.cpp quantizes better where it knows the mean square of every column's inputs. Its own tool is
not in the Python build, but its graph can be watched from here: after each matrix product the
inputs are read from the tensor. Mixture-of-experts weights are left to the plain rounding.
"""

import ctypes
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

_F32 = 0  # ggml's type number


class _Tensor(ctypes.Structure):
    """The part of ggml's `struct ggml_tensor` that is read here; checked at the first product."""

    _fields_: ClassVar = [
        ("type", ctypes.c_int32),
        ("buffer", ctypes.c_void_p),
        ("ne", ctypes.c_int64 * 4),
        ("nb", ctypes.c_size_t * 4),
        ("op", ctypes.c_int32),
        ("op_params", ctypes.c_int32 * 16),
        ("flags", ctypes.c_int32),
        ("src", ctypes.c_void_p * 10),
        ("view_src", ctypes.c_void_p),
        ("view_offs", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("name", ctypes.c_char * 64),
    ]


class Observer:
    """Sums of squared inputs by weight, gathered while a context evaluates."""

    def __init__(self) -> None:
        import llama_cpp as lc

        self.sums: dict[str, NDArray[np.float64]] = {}
        self.counts: dict[str, int] = {}
        self.problem: str | None = None  # an exception would be lost in llama.cpp
        self._ggml = _ggml()
        self.callback = lc.ggml_backend_sched_eval_callback(self._node)

    def _node(self, address: int, ask: bool, _user: Any) -> bool:  # noqa: ANN401 - theirs
        if self.problem or self._ggml.ggml_op_desc(address) != b"MUL_MAT":
            return not ask
        node = _Tensor.from_address(address)
        weight = _Tensor.from_address(node.src[0])
        name = bytes(weight.name).decode("utf-8", "replace")
        if not (name.startswith("blk.") and name.endswith(".weight")):
            return not ask
        if not ask:
            self._add(name, _Tensor.from_address(node.src[1]), node.src[1])
        return True

    def _add(self, name: str, inputs: _Tensor, address: int) -> None:
        columns, rows = int(inputs.ne[0]), int(inputs.ne[1] * inputs.ne[2] * inputs.ne[3])
        sound = inputs.type == _F32 and self._ggml.ggml_nbytes(address) == 4 * columns * rows
        if not sound or not inputs.data:
            self.problem = f"the inputs of {name} lie in another form than expected"
            return
        flat = (ctypes.c_float * (columns * rows)).from_address(inputs.data)
        values = np.ctypeslib.as_array(flat).reshape(rows, columns)
        squares = np.einsum("ij,ij->j", values, values, dtype=np.float64)
        self.sums[name] = self.sums.get(name, 0.0) + squares
        self.counts[name] = self.counts.get(name, 0) + rows

    def write(self, target: Path) -> int:
        """The mean squares as .npz, a weight an array; how many weights."""
        if self.problem or not self.sums:
            raise RuntimeError(self.problem or "nothing was evaluated")
        means = {
            name: (sums / self.counts[name]).astype(np.float32) for name, sums in self.sums.items()
        }
        np.savez(target, allow_pickle=False, **dict(sorted(means.items())))
        return len(means)


def _ggml() -> Any:  # noqa: ANN401 - a C library
    """llama.cpp's tensor library, which `llama_cpp` has loaded already."""
    import llama_cpp

    folder = Path(llama_cpp.__file__).parent / "lib"
    (path, *_) = sorted(folder.glob("*ggml-base*"))
    library = ctypes.CDLL(str(path))
    library.ggml_op_desc.argtypes = [ctypes.c_void_p]
    library.ggml_op_desc.restype = ctypes.c_char_p
    library.ggml_nbytes.argtypes = [ctypes.c_void_p]
    library.ggml_nbytes.restype = ctypes.c_size_t
    return library


def native(file: Path) -> tuple[Any, list[NDArray[np.float32]]]:
    """As `llama_model_quantize` takes it, and the arrays that must live as long."""
    import llama_cpp as lc

    with np.load(file, allow_pickle=False) as means:
        arrays = {name: np.ascontiguousarray(means[name], np.float32) for name in means.files}
    entries = (lc.llama_model_imatrix_data * (len(arrays) + 1))()  # a null name ends the list
    for entry, (name, values) in zip(entries, arrays.items(), strict=False):
        entry.name = name.encode()
        entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = values.size
    return entries, list(arrays.values())
