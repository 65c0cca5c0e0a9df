"""The limits under which a file from outside is opened. Everything above them is refused with a sentence."""

from __future__ import annotations

MAX_FRAME_PIXELS = 50_000_000  # the largest mammograms have 28 million, phone cameras 12 to 50
MAX_FRAMES = 10_000
MAX_TOTAL_PIXELS = 6_000_000_000  # all frames together
MAX_INFLATED_BYTES = 256 * 1024 * 1024  # a deflated data set, once inflated
MAX_HEADER_TEXT = 200  # characters kept of any text element
MAX_VIDEO_SIDE = 1920  # a phone's video is shown at most this wide; the original is kept as it came
MAX_SMALL_CLIP_SIDE = 960
MAX_WEBP_SIDE = 16_383  # VP8 bitstream: 14 bits a side
MAX_FULL_PIXELS = 30_000_000  # of the full-size WebP; larger pictures are scaled to it, their tiles are not
MAX_SPOOL_BYTES = 600_000_000  # of pictures beside the work, so that a clip is decoded once; larger ones are twice
MAX_DOCUMENT_BYTES = 100 * 1024 * 1024  # a DICOM file that holds a document
MAX_FRAGMENTS = 200_000
CODESTREAM_HEADER_BYTES = 256 * 1024  # a compressed frame's own header lies within these

MAX_ARCHIVE_ENTRIES = 5000
MAX_ARCHIVE_BYTES = 8 * 1024**3  # everything in a zip, unpacked
MAX_ARCHIVE_RATIO = 200  # unpacked to packed: pictures pack two or three times, a blank one some dozens
FREE_ARCHIVE_BYTES = 64 * 1024 * 1024  # a zip may unpack to this much whatever its ratio

SANDBOX_MEMORY_BYTES = 1024 * 1024 * 1024  # address space of the process that opens a file
SANDBOX_TEXT_ADDRESSES = 2 * SANDBOX_MEMORY_BYTES  # of the text reader, which maps twice what it uses
SANDBOX_CHECK_SECONDS = 60
SANDBOX_RENDER_SECONDS = 900
SANDBOX_FRAME_SECONDS = 60
SANDBOX_PREVIEW_SECONDS = 20
SANDBOX_FILE_BYTES = 1024 * 1024 * 1024  # one file written by the sandbox
