"""Serving: one base, any blend of layers, per request, on a CPU.

One process. The async API (`api`) turns requests into sequences and waits for their events; one
engine thread (`engine`) owns every llama.cpp handle (`llama`) and does what the scheduler
(`scheduler`, pure) decides. Layers are files that the registry (`registry`) has checked.
"""
