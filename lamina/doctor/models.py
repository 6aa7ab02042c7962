"""The base in both forms, and the passports of its layers."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from lamina.doctor.finding import Finding, from_error, ok, problem, warning
from lamina.errors import LaminaError, NotFoundError, ResourceError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity, Passport, identify_gguf, identify_hf
from lamina.settings import Settings
from lamina.workspace import Workspace

HF, GGUF = "base", "base GGUF"


def base(
    hf: BaseIdentity | LaminaError, gguf: BaseIdentity | LaminaError, *, there: bool
) -> Finding:
    """The base in Hugging Face form; `there` says whether its folder stands at all."""
    if isinstance(hf, LaminaError):
        if not there and isinstance(gguf, BaseIdentity):
            return ok(HF, "not on this pod, which can serve and measure without it")
        return from_error(HF, hf)
    if hf.layers:
        return problem(
            HF,
            f"{hf.name} already contains the layers {', '.join(hf.layers)}",
            "name the base they were trained on with LAMINA_BASE_MODEL",
        )
    digest = f", digest {hf.digest[:12]}" if hf.digest else ""
    unpacked = f", unpacked from {hf.quantized_from}" if hf.quantized_from else ""
    return ok(HF, f"{hf.name} ({hf.architecture}{digest}{unpacked})")


def base_gguf(
    gguf: BaseIdentity | LaminaError, hf: BaseIdentity | LaminaError, path: Path
) -> Finding:
    """The base as GGUF, against the base in Hugging Face form."""
    known = hf if isinstance(hf, BaseIdentity) else None
    if isinstance(gguf, NotFoundError):
        remedy = "run `lamina convert_to_gguf`, or name the file with MODEL_PATH"
        tell = warning if known else problem
        return tell(GGUF, f"{path} is not there yet", remedy)
    if isinstance(gguf, LaminaError):
        return from_error(GGUF, gguf)
    if known and gguf.fingerprint != known.fingerprint:
        return problem(
            GGUF,
            f"{path.name} is another model than the base {known.name}",
            "run `lamina convert_to_gguf`, or name the right file with MODEL_PATH",
        )
    if gguf.layers:
        return warning(
            GGUF,
            f"{path.name} already contains the layers {', '.join(gguf.layers)}",
            "serve the base itself under layers: they would count twice",
        )
    return ok(GGUF, f"{path.name}{', made of the base' if known else ''}")


def layer(name: str, passport: Passport | None, known: BaseIdentity | None) -> Finding:
    """One layer's passport against the base."""
    if passport is None:
        return warning(
            name,
            "it carries no passport, so nobody can tell which base it was made for",
            "train it with `lamina train_layers`, or take it away",
        )
    if known and passport.base_fingerprint != known.fingerprint:
        return problem(
            name,
            f"it was made for the base {passport.base_name}, not for {known.name}",
            "train it again on this base, or take it away",
        )
    return ok(name, f"rank {passport.rank}, made for {passport.base_name}")


def together(kind: str, findings: Iterable[Finding]) -> list[Finding]:
    """One line for all layers that are well, and one for each that is not."""
    findings = list(findings)
    well = [finding for finding in findings if finding.level == "ok"]
    ill = [finding for finding in findings if finding.level != "ok"]
    count = f"{len(well)} layer{'' if len(well) == 1 else 's'} made for this base"
    return [*([ok(f"layers {kind}", count)] if well else []), *ill]


def examine_models(settings: Settings, workspace: Workspace) -> list[Finding]:
    """Read headers and manifests, and judge. A large base is hashed once and remembered."""
    path = workspace.base_gguf(settings)
    hf = _attempt(lambda: identify_hf(workspace.base, workspace.digests))
    gguf = _attempt(lambda: identify_gguf(read_header(path)))
    if workspace.store.root.is_dir():
        with suppress(OSError):  # the memory is only worth time
            workspace.digests.save()
    known = next((one for one in (hf, gguf) if isinstance(one, BaseIdentity)), None)
    return [
        base(hf, gguf, there=workspace.base.is_dir()),
        base_gguf(gguf, hf, path),
        *_layers(workspace, known),
    ]


def _attempt(read: Callable[[], BaseIdentity]) -> BaseIdentity | LaminaError:
    try:
        return read()
    except LaminaError as error:
        return error
    except OSError as denied:
        return ResourceError(
            f"{denied.filename} cannot be read ({denied.strerror}); correct its permissions"
        )


def _layers(workspace: Workspace, known: BaseIdentity | None) -> list[Finding]:
    files = sorted(workspace.adapters_gguf.glob("*.gguf"))
    papers = sorted(workspace.adapters_peft.glob("*/manifest.json"))  # others are not ours
    folders = [path.parent for path in papers if path.parent.name != workspace.merged.name]
    ggufs = (
        _layer(path, lambda path: Passport.from_gguf(read_header(path)), known) for path in files
    )
    pefts = (_layer(path, Passport.from_manifest, known) for path in folders)
    return [*together("GGUF", ggufs), *together("PEFT", pefts)]


def _layer(
    path: Path, read: Callable[[Path], Passport | None], known: BaseIdentity | None
) -> Finding:
    name = f"layer {path.parent.name}/{path.name}"
    try:
        return layer(name, read(path), known)
    except LaminaError as error:
        return from_error(name, error)
    except OSError as denied:
        return problem(name, f"it cannot be read ({denied.strerror})", "correct its permissions")
