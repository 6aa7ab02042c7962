"""LoRA layers in PEFT's form, whoever trained them, as GGUF layers of the base that is served.

numpy only: a pod that serves has no torch. `config` says how strong a layer is and refuses what
GGUF cannot carry, `modules` gives llama.cpp's names and order of rows, `origin` compares what the
folder says of its base, `importing` makes the artifact. Not covered: embeddings, other families
than those of `lamina.bases.families`, and pickled weights (`adapter_model.bin`).
"""

from lamina.peft_folders.config import CONFIG, PLAIN, WEIGHTS
from lamina.peft_folders.importing import FILE, KIND, import_folder

__all__ = ["CONFIG", "FILE", "KIND", "PLAIN", "WEIGHTS", "import_folder"]
