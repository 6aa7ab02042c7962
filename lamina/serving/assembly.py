"""Puts the server together from its options: the one place where the parts meet."""

import argparse
import sys
from dataclasses import replace

from lamina import settings
from lamina.errors import InvalidInputError
from lamina.prompts import FORMATS
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.thread import Engine
from lamina.serving.engine.warm import WarmOptions
from lamina.serving.http.answers import Relay
from lamina.serving.http.app import build_app
from lamina.serving.http.guard.keys import Keys
from lamina.serving.http.guard.limits import Limits
from lamina.serving.http.guard.origins import is_loopback
from lamina.serving.http.observer import Observer
from lamina.serving.http.service import Service
from lamina.serving.layers.adapter_file import read_base
from lamina.serving.layers.papers import Papers
from lamina.serving.layers.peft import PeftFolders
from lamina.serving.layers.registry import Registry
from lamina.serving.layers.routing import Routing
from lamina.serving.llama import ContextOptions, has_amx, quiet
from lamina.serving.preflight import (
    available_bytes,
    check_kv_type,
    check_room,
    is_worth_threads,
    special_layouts_work,
    warm_bytes,
)
from lamina.serving.server import Server
from lamina.workspace import Workspace

_MB = 1 << 20
_FLAGS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def assemble(options: argparse.Namespace) -> Server:
    """A server for these options; nothing is loaded yet.

    Raises:
        LaminaError: an option cannot be, or the model's file is no base.

    """
    if not options.verbose:
        quiet()
    _check(options)
    base = read_base(options.model)
    relay = Relay()
    context = _context(options)
    check_kv_type(base, context.kv_type)
    available = available_bytes()
    check_room(base, context, available)
    workspace = Workspace(settings.load())
    warm = _warm(options, warm_bytes(base, context, available), workspace)
    engine = Engine(options.model, _engine_options(options, context, warm), flush=relay.flush)
    peft = PeftFolders(options.model, workspace.store, workspace.imported)
    registry = Registry(base, options.adapters_dir, options.allowed_root, peft, engine.keep)
    routing = Routing(registry, engine.memory)
    papers = Papers(workspace.qa, workspace.prompts)
    service = Service(engine, relay, routing, papers, chat_format=options.chat_format)
    keys = _keys(options)
    limited = Limits(
        build_app(service),
        keys=keys,
        max_body_bytes=options.max_body_mb * _MB,
        only_loopback=is_loopback(options.host),
    )
    app = Observer(limited, service.meters, log=None if options.quiet else sys.stderr)
    server = Server(
        service,
        engine,
        relay,
        app,
        tuple(options.lora),
        not options.lora_init_without_apply,
        options.stop_within_s,
    )
    engine.on_death = server.end
    return server


def _keys(options: argparse.Namespace) -> Keys:
    """The keys of the environment.

    Raises:
        InvalidInputError: there is none for asking, beyond this machine, and nobody said so aloud.

    """
    said = settings.load()
    api, admin = (key.get_secret_value() if key else None for key in (said.api_key, said.admin_key))
    keys = Keys(api, admin)
    if not keys and not options.no_key and not is_loopback(options.host):
        msg = (
            f"{options.host} can be reached from outside and no key is asked for; "
            "set LAMINA_API_KEY, or say --no-key"
        )
        raise InvalidInputError(msg)
    return keys


def _check(options: argparse.Namespace) -> None:
    if options.chat_format and options.chat_format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        msg = f"chat format {options.chat_format!r} is not known; choose one of {known}"
        raise InvalidInputError(msg)
    if options.adapters_dir and not options.adapters_dir.is_dir():
        msg = f"adapters folder {options.adapters_dir} is not there; create it or name another"
        raise InvalidInputError(msg)
    least = dict.fromkeys(
        ("queue", "stop_within_s", "adapter_memory_mb", "warm_memory_mb", "warm_disk_mb"), 0
    )
    least |= dict.fromkeys(("n_ctx", "n_threads", "n_parallel", "n_batch", "max_body_mb"), 1)
    for name, limit in least.items():
        given = getattr(options, name)
        if given is not None and given < limit:
            msg = f"--{name} {given} cannot be; give at least {limit}"
            raise InvalidInputError(msg)
    for name in ("flash_attn", "repack"):
        given = getattr(options, name)
        if given.lower() not in _FLAGS:
            msg = f"--{name} {given} cannot be; give true or false"
            raise InvalidInputError(msg)


def _context(options: argparse.Namespace) -> ContextOptions:
    return ContextOptions(
        n_ctx=options.n_ctx,
        n_slots=options.n_parallel,
        n_batch=options.n_batch,
        n_threads=options.n_threads if is_worth_threads(options.model) else 1,
        flash_attn=_FLAGS[options.flash_attn.lower()],
        kv_type=options.kv_type,
    )


def _warm(options: argparse.Namespace, share: int, workspace: Workspace) -> WarmOptions:
    """What may be kept of prompts that lost their slot; `share` is the default for the memory."""
    memory, disk = options.warm_memory_mb, options.warm_disk_mb * _MB
    folder = workspace.store.root / "tmp"
    try:
        if disk:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as denied:
        msg = f"--warm-disk-mb needs {folder} ({denied.strerror}); make it writable, or give 0"
        raise InvalidInputError(msg) from denied
    return WarmOptions(share if memory is None else memory * _MB, disk, folder)


def _engine_options(
    options: argparse.Namespace, context: ContextOptions, warm: WarmOptions
) -> EngineOptions:
    layouts = _FLAGS[options.repack.lower()]
    if layouts and has_amx() and not special_layouts_work(options.model):
        layouts = False
        print(
            "warning: the AMX kernels of this build of llama.cpp crash or answer wrongly; going on "
            "without them, slower. `make setup` builds llama.cpp with kernels that work",
            file=sys.stderr,
        )
    memory = options.adapter_memory_mb
    return EngineOptions(
        context=replace(context, special_layouts=layouts),
        adapter_bytes=None if memory is None else memory * _MB,
        queue_limit=options.queue,
        warm=warm,
    )
