"""Texts and conversations to token ids: one way for training, parity, study and serving.

What a layer was trained on is what the server evaluates only if both make the same ids. So the
template, BOS and the end of an answer are decided here once, as llama.cpp decides them, and a
vocabulary is all that differs: a Hugging Face folder's (`folder`) or the one of an open GGUF.
It does not decide what is trained on or how a request's fields are read.
"""

from lamina.prompts.formats import FORMATS
from lamina.prompts.messages import Message, continues, user
from lamina.prompts.prompts import Prompts
from lamina.prompts.template import ChatTemplate
from lamina.prompts.tools import CallForm
from lamina.prompts.words import Words

__all__ = [
    "FORMATS",
    "CallForm",
    "ChatTemplate",
    "Message",
    "Prompts",
    "Words",
    "continues",
    "user",
]
