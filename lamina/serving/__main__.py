"""`python -m lamina.serving`: takes the flags of `python -m llama_cpp.server` that matter."""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lamina import settings
from lamina.errors import BusyError, InvalidInputError, LaminaError, ResourceError, ending


class _Flags(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Tell it as everything else is told, and not the usage of all flags."""
        msg = f"{message}; `lamina serve -h` tells more"
        raise InvalidInputError(msg)


def parser(defaults: settings.Settings) -> argparse.ArgumentParser:
    """The command line. Underscores and dashes both work."""
    flags = _Flags(
        prog="python -m lamina.serving",
        description="Serve one base and any blend of layers over it.",
    )
    add = flags.add_argument
    add("--model", type=Path, default=defaults.model_path, help="base as GGUF (MODEL_PATH)")
    add("--lora", action="append", default=[], metavar="PATH[=SCALE]", help="layer to apply")
    add(
        "--lora-init-without-apply",
        "--lora_init_without_apply",
        action="store_true",
        help="make the --lora layers known, apply none",
    )
    add("--adapters-dir", "--adapters_dir", type=Path, help="folder of GGUF layers")
    add(
        "--allowed-root",
        "--allowed_root",
        action="append",
        type=Path,
        default=[],
        help="folder that a path in a request may lie in, besides the adapters folder",
    )
    add("--host", default=defaults.host)
    add("--port", type=int, default=defaults.port, help="0 = any free one")
    add("--n_ctx", "--n-ctx", type=int, default=defaults.n_ctx, help="tokens of one request")
    add("--n_threads", "--n-threads", type=int, default=defaults.n_threads)
    add("--n_parallel", "--n-parallel", type=int, default=4, help="requests run at the same time")
    add("--n_batch", "--n-batch", type=int, default=512, help="tokens of one step")
    add("--chat_format", "--chat-format", help="template to use instead of the model's own")
    add(
        "--flash_attn",
        "--flash-attn",
        nargs="?",
        const="true",
        default="false",
        help="true saves memory at long contexts; false (default) rounds less",
    )
    add(
        "--kv_type",
        "--kv-type",
        choices=("f16", "q8_0"),
        default=defaults.kv_type,
        help="how KV is kept (LAMINA_KV_TYPE); q8_0 = half the memory, flash attention, rounded",
    )
    add(
        "--repack",
        default="true",
        help="false leaves weights as they lie: K-quants then read prompts half as fast again, in "
        "half the memory, and several answers at once take up to a quarter longer",
    )
    add("--adapter-memory-mb", type=int, help="memory for layers; default: no limit")
    add(
        "--warm-memory-mb",
        type=int,
        help="memory for beginnings of prompts that lost their slot; 0 = keep none; "
        "default: a quarter of what the base leaves free, at most 8192",
    )
    add(
        "--warm-disk-mb",
        type=int,
        default=0,
        help="disk in the workspace for what that memory cannot hold; default: none",
    )
    add("--queue", type=int, default=256, help="requests that may wait")
    add("--max-body-mb", type=int, default=8)
    add("--stop-within-s", type=int, default=30, help="grace for running requests at the end")
    add("--no-key", action="store_true", help="listen beyond this machine though no key is set")
    add("--quiet", action="store_true", help="no log line a request")
    add("--verbose", action="store_true", help="show llama.cpp's own log")
    add("--debug", action="store_true", help="show tracebacks")
    add("--die-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to stop; returns the exit code."""
    debug = False
    try:
        options = parser(settings.load()).parse_args(argv)
        debug = options.debug
        if options.die_with_parent:
            _die_with(options.die_with_parent)
        _give_memory_back()
        return asyncio.run(_serve(options))
    except (LaminaError, KeyboardInterrupt) as error:
        return ending(error, debug=debug)


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux, prctl(2) PR_SET_PDEATHSIG)."""
    import ctypes
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != parent:  # it went before we asked
        raise SystemExit(1)


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        BusyError: something else listens there.
        InvalidInputError: the address cannot be bound at all.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol named, or asyncio leaves Nagle on: 40 ms on every streamed answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OverflowError):
            msg = f"port {port} cannot be; give one from 0 (any free one) to 65535"
            raise InvalidInputError(msg) from error
        if error.errno == 98:  # noqa: PLR2004 - EADDRINUSE
            msg = f"port {port} of {host} is taken; stop what listens there or choose --port"
            raise BusyError(msg) from error
        msg = f"cannot listen on {host}:{port} ({error.strerror}); choose --host and --port"
        raise InvalidInputError(msg) from error
    return listener


def _give_memory_back() -> None:
    """Have the C library return to the system what is freed (glibc, mallopt(3)).

    Layers and kept KV come and go in several threads. By itself glibc keeps freed blocks of up to
    32 MB, in up to eight arenas a core: under promotions the process grew for an hour (measured).
    """
    import ctypes

    m_mmap_threshold, m_arena_max = -3, -8
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not there with other C libraries
    if mallopt:
        mallopt(m_mmap_threshold, 1 << 20)
        mallopt(m_arena_max, 2)


def _take_huge_pages() -> None:
    """Begin anew with glibc asking the kernel for huge pages (glibc.malloc.hugetlb, since 2.35).

    A step of one row reads all weights: one stream is 5 to 8 % faster so (measured). glibc reads
    this when a process begins, and there is no call for it.
    """
    told = os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or "glibc.malloc.hugetlb" in told:
        return
    os.environ["GLIBC_TUNABLES"] = ":".join(filter(None, (told, "glibc.malloc.hugetlb=1")))
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - as it was called


async def _serve(options: argparse.Namespace) -> int:
    # How long the engine waits for the interpreter after a step while another thread computes: with
    # Python's 5 ms a stream beside long texts to detokenize was slower by a third (measured).
    sys.setswitchinterval(0.0005)
    # libgomp reads this when llama.cpp is loaded. Its threads spin 300,000 times at every barrier
    # otherwise: with other processes on the cores, answers were 10 to 40 times slower (measured).
    # 1,000 keeps the speed of a quiet machine; 0 (sleep at once) would halve it.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    from lamina.serving.assembly import assemble  # llama.cpp and FastAPI are loaded here

    if options.model is None:
        msg = "there is no model to serve; name one with --model or MODEL_PATH"
        raise InvalidInputError(msg)
    server = assemble(options)
    listener = _bind(options.host, options.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    try:
        await server.run(listener, on_ready=lambda: _say(f"listening on http://{shown}:{port}"))
    finally:
        listener.close()
    if server.died:
        msg = "the engine failed; its last words stand above; start the server again"
        raise ResourceError(msg)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    _take_huge_pages()
    sys.exit(main())
