"""What documents are called goes along with their layer: the pod that judges it has no PDFs."""

from builders import MakeLayer

from lamina.artifacts import ArtifactRef
from lamina.corpus.known_names import Named, remember_names
from lamina.fingerprint import file_digest
from lamina.stages import handover, judging, taught
from lamina.stages.pod import Pod
from lamina.store import Stage


def dataset(pod: Pod, *documents: str) -> ArtifactRef:
    return pod.store.once(
        "dataset", Stage("test", 1), {"documents": documents}, lambda _: {"documents": documents}
    )


def pdf(pod: Pod, name: str) -> str:
    """A document of the layer Leases, by its digest."""
    path = pod.workspace.raw_pdfs / "Leases" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(name.encode())
    return file_digest(path)


def hand_over(gpu: Pod, cpu: Pod, rows: ArtifactRef) -> set[str]:
    """Push the names of a dataset's documents, pull them, and give what the other pod knows."""
    roles = {"dataset": rows, "names": taught.names_artifact(gpu, rows)}
    handover.push(gpu, {"layers/Leases": {role: ref for role, ref in roles.items() if ref}})
    handover.pull(cpu, ["layers/Leases"])
    return {one.name for one in taught.known_files(cpu)}


def test_the_names_of_a_layers_documents_arrive_with_it(gpu: Pod, cpu: Pod) -> None:
    rows = dataset(gpu, pdf(gpu, "annual.pdf"))
    pdf(gpu, "of no dataset.pdf")

    assert hand_over(gpu, cpu, rows) == {"annual.pdf"}


def test_names_add_up_when_a_document_is_renamed(gpu: Pod, cpu: Pod) -> None:
    digest = pdf(gpu, "annual.pdf")
    hand_over(gpu, cpu, dataset(gpu, digest))

    (gpu.workspace.raw_pdfs / "Leases" / "annual.pdf").rename(
        gpu.workspace.raw_pdfs / "Leases" / "2024.pdf"
    )

    assert hand_over(gpu, cpu, dataset(gpu, digest)) == {"annual.pdf", "2024.pdf"}


def test_a_layer_whose_documents_nobody_can_name_is_handed_over_without(gpu: Pod, cpu: Pod) -> None:
    assert hand_over(gpu, cpu, dataset(gpu, "a" * 64)) == set()


def test_a_held_version_is_judged_anew_when_it_is_told_what_its_exam_is_about(
    cpu: Pod, make_layer: MakeLayer
) -> None:
    version, rows = make_layer(cpu), dataset(cpu, "a" * 64, "b" * 64)
    exam = cpu.workspace.prompts / "Leases.jsonl"
    exam.parent.mkdir(parents=True, exist_ok=True)
    exam.write_text('{"question": "When?", "answer": "May", "file": "annual.pdf"}\n')
    facts = {"verdict": "unclear", "judged_by": judging.judged_by(cpu, "Leases", rows)}
    handover.hold(cpu, "Leases", version, "unclear", facts)

    remember_names(cpu.workspace, [Named("Debt", "else.pdf", "c" * 64)])
    assert not judging.is_news(cpu, "Leases", version, rows)

    remember_names(cpu.workspace, [Named("Leases", "other.pdf", "b" * 64)])
    assert judging.is_news(cpu, "Leases", version, rows)
