"""What a layer says about itself, and what a base is, in PEFT folders and GGUF files alike."""

from lamina.passport.base import BaseIdentity, identify_gguf, identify_hf
from lamina.passport.hf_folder import BASE_FILES, weight_files, weights_size
from lamina.passport.layer import PREFIX, Passport

__all__ = [
    "BASE_FILES",
    "PREFIX",
    "BaseIdentity",
    "Passport",
    "identify_gguf",
    "identify_hf",
    "weight_files",
    "weights_size",
]
