"""How much of an image is read before it is refused, and why that much. Images are hostile until read."""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

# The registries' own limit for a manifest is 4 MiB (distribution-spec, "Pushing Manifests").
MAX_MANIFEST = 4 * MIB
# A config holds history and labels; the largest seen in the wild are some 100 KiB.
MAX_CONFIG = 8 * MIB
# An index inside an index is legal; more than this is a loop or a joke.
MAX_INDEX_DEPTH = 4
# JSON nested deeper than this is an attack on the parser (RecursionError), not a manifest.
MAX_JSON_DEPTH = 64
# overlayfs mounts at most 500 lower directories, dockerd refuses more than 127 layers.
MAX_LAYERS = 500
# The largest images known (CUDA and conda stacks) hold about 1,000,000 paths; 250 bytes of memory each.
MAX_MEMBERS = 2_000_000
# Linux PATH_MAX; no runtime can create a longer one.
MAX_NAME = 4096
# Sum of all names' lengths: two million names of 4 KiB would be 8 GB.
MAX_NAMES = 512 * MIB
# Headers that carry long names and attributes; Go's archive/tar has the same limit.
MAX_EXTENDED_HEADER = MIB
# Plain bytes of all layers: ten times the largest images in use.
MAX_PLAIN = 200 * GIB
# Deflate reaches 1032:1 at most and only on constant bytes; whole layers of software stay under 20:1.
# Small layers (an empty log of 100 MB) may go beyond.
MAX_RATIO = 200
RATIO_FREE = 256 * MIB
# Segments of a sparse member, and the size up to which one is expanded for a checksum.
MAX_SPARSE_SEGMENTS = 100_000
MAX_SPARSE_SIZE = 4 * GIB
# Bytes of wanted files together; they lie in one temporary file.
MAX_KEPT = 8 * GIB
# Members of an archive that holds an image (blobs, not files).
MAX_ARCHIVE_MEMBERS = 100_000
