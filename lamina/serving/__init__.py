"""Serving: one base, any blend of layers, per request, on a CPU.

One process, four rooms, each asking only those after it: `http` turns requests into sequences and
events into replies; `engine` is one thread that owns every llama.cpp handle and does what its
scheduler, a pure function, decides; `layers` knows the layer files, their blends, and which are in
memory; `llama` is the only one that calls llama.cpp.
"""
