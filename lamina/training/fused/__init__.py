"""A plain decoder's blocks with hand-derived gradients, which leave out what a frozen base allows.

Its modules import torch when they are imported; only functions import them.
"""
