"""Real files, rendered by the product and decoded by the product's own client in a real browser, pixel for pixel.

The set is the one of tests/imaging/test_file_set.py. ALL_FILES=1 takes every sound file; without it one of each way
that pixels come is taken, and without the set the files that pydicom-data brings stand in.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from app import clock, db
from imaging import queries, sandbox
from imaging.models import Instance, Rendition, Study
from imaging.source import open_source
from imaging.workbench import displayed
from tests.browser.viewport.gallery_server import GalleryServer
from tests.imaging.test_file_set import EVERY, SET, stand_ins

Array = NDArray[Any]
SIDE = 48
LOSSLESS = {"dicom/ctmr", "dicom/other", "dicom/us", "dicom/xray"}
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"}
SLICE = {
    "dicom/ctmr/ct_2f_jpeg_ext12_fragmented.dcm",
    "dicom/ctmr/ct_deflated.dcm",
    "dicom/ctmr/ct_j2k_lossless.dcm",
    "dicom/ctmr/mr_10f_enhanced_jpegls.dcm",
    "dicom/ctmr/mr_small_big_endian.dcm",
    "dicom/ctmr/mr_small_rle.dcm",
    "dicom/other/htj2k_lossless_rgb.dcm",
    "dicom/us/obgyn_palette_rle_2f.dcm",
    "dicom/us/philips_grey_cine_27f_deflated.dcm",
    "dicom/us/philips_still_jpeg_lossless.dcm",
    "dicom/us/rgb_planar1_twin.dcm",
    "dicom/us/toshiba_mmode_still_2regions.dcm",
    "dicom/xray/cr_chest_mono1_10bit_explicit.dcm",
    "dicom/xray/xa_angio_rle.dcm",
}
# Colours that pydicom converts by itself are converted by the standard's formula in both, but rounded in one of them.
ROUNDED = {"YBR_FULL", "YBR_FULL_422"}
CLIPS = ["dicom/us/sonosite_pla_30f_jpeg_ybr422.dcm", "media/video/iphone_rot90_gps.mov"]
MORE_CLIPS = [
    "dicom/us/acuson_echo_8f_jpeg_fragmented_nobot.dcm",
    "dicom/us/hp_pediatric_echo_34f.dcm",
    "dicom/us/lung_120f_h264_mp4.dcm",
    "media/image/animated.webp",
    "media/video/camera_mjpeg.avi",
    "media/video/derived_lung_15fps.gif",
    "media/video/derived_softtissue_hevc_hvc1_rot90_gps.mov",
    "media/video/fast_exam_h264_in.avi",
    "media/video/old_phone.3gp",
]


def lossless_files() -> list[tuple[Path, str]]:
    """Each file with the SHA-256 of all its stored values that the manifest says ("" where there is no manifest)."""
    if not (SET / "manifest.csv").exists():
        return [(path, "") for path in stand_ins() if "jpeg_baseline" not in path.stem]
    with (SET / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [
            (SET / row["file"], row["pixel_sha256"])
            for row in csv.DictReader(file)
            if row["file"].rsplit("/", 1)[0] in LOSSLESS
            and row["pixel_sha256"]
            and row["transfer_syntax"] not in LOSSY
            and row["photometric"] not in ROUNDED
            and (EVERY or row["file"] in SLICE)
        ]


def clip_files() -> list[Path]:
    found = [SET / name for name in (CLIPS + MORE_CLIPS if EVERY else CLIPS)]
    return [path for path in found if path.exists()]


class Shelf:
    """Renditions of files under the product's own addresses, with the product's own manifests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rendered(self, path: Path, task: sandbox.Task, request: dict[str, Any]) -> dict[str, Any]:
        """The manifest of the file with what the sandbox made for `request`; `frame_tiles` stand as its tiles."""
        instance = Instance(
            id=db.new_id(), kind="still", state="ready", progress=1.0, file_name=path.name, size_bytes=1
        )
        instance.sop_instance_uid, instance.sha256, instance.study_id = "1.2.3", "0" * 64, db.new_id()
        instance.study = Study(id=instance.study_id, study_instance_uid="1.2", created_at=clock.now())
        instance.created_at, instance.hold = clock.now(), None
        instance.reason_code, instance.reason_values = None, {}
        instance.facts = {}
        with tempfile.TemporaryDirectory() as name:
            workspace = Path(name)
            if task == "frame_tiles":
                list(self._facts_of(path, workspace, instance))
            for event in sandbox.run(task, path, workspace, request):
                if event["event"] == "facts":
                    instance.facts, instance.kind = event["facts"], event["facts"]["kind"]
                elif event["event"] == "rendition":
                    instance.renditions.append(self._shelved(event, workspace))
        return queries.manifest(instance)

    def _facts_of(self, path: Path, workspace: Path, instance: Instance) -> Iterator[None]:
        for event in sandbox.run("inspect", path, workspace):
            if event["event"] == "facts":
                instance.facts = event["facts"]
                yield

    def _shelved(self, event: dict[str, Any], workspace: Path) -> Rendition:
        detail, size = dict(event["detail"]), (workspace / event["file"]).stat().st_size
        rendition = Rendition(id=db.new_id(), name=event["name"].removeprefix("frame_"), bytes=size, detail=detail)
        rendition.width, rendition.height, rendition.sha256 = event["width"], event["height"], "0" * 64
        rendition.created_at = clock.now()
        place = self.folder / rendition.id
        (place / "tiles").mkdir(parents=True)
        data = (workspace / event["file"]).read_bytes()
        if rendition.name == "tiles":
            for number, (offset, length) in enumerate(detail["index"]["tiles"]):
                (place / "tiles" / str(number)).write_bytes(data[offset : offset + length])
            offset, length = detail["values_at"]
            (place / "tiles" / "values").write_bytes(data[offset : offset + length])
        else:
            (place / queries.FILE_NAMES[rendition.name]).write_bytes(data)
        if "index_file" in detail:
            (place / "index.json").write_bytes((workspace / detail["index_file"]).read_bytes())
            rendition.index_sha256 = "0" * 64
        return rendition


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def bench(stage: Callable[..., Page], pictures: GalleryServer, shelf: Shelf) -> Page:
    """One page with the product's decoders, beside the shelf."""
    pictures.add("/imaging/renditions/", shelf.folder)
    return stage()


def stored_frames(path: Path, sha256: str) -> Array:
    """(frames, rows, columns[, 3]) as pydicom reads them, the manifest's hash holding; what tiles must hold of them."""
    data = pydicom.dcmread(path)
    array: Array = data.pixel_array
    if sha256:
        assert hashlib.sha256(array.tobytes()).hexdigest() == sha256
    if data.PhotometricInterpretation == "PALETTE COLOR":
        array = apply_color_lut(array, data)
        array = array if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)
    elif "ModalityLUTSequence" in data:
        array = apply_modality_lut(array, data)
    return array if int(data.get("NumberOfFrames") or 1) > 1 else array[None]


def test_lossless_files_come_out_of_the_browser_pixel_for_pixel(bench: Page, shelf: Shelf) -> None:
    wrong: list[str] = []
    checked = 0
    for path, sha256 in lossless_files():
        frames = stored_frames(path, sha256)
        for index in sorted({0, len(frames) // 2, len(frames) - 1}):
            if len(frames) == 1:
                manifest = shelf.rendered(path, "render", {"have": ["thumbnail", "preview", "full"]})
            else:
                manifest = shelf.rendered(path, "frame_tiles", {"frame_index": index})
            kind = frames.dtype
            found = bench.evaluate(
                "([json, bytes, big]) => pixelSha256(parseManifest(json), bytes, big)",
                [manifest, kind.itemsize, kind.byteorder == ">"],
            )
            checked += 1
            if found != hashlib.sha256(np.ascontiguousarray(frames[index]).tobytes()).hexdigest():
                wrong.append(f"{path.name} frame_index {index}")
    assert wrong == []
    assert checked >= len(lossless_files()) > 0


@pytest.mark.parametrize("path", clip_files(), ids=lambda path: path.name)
def test_every_clip_has_its_frames_and_shows_the_one_that_was_asked_for(bench: Page, shelf: Shelf, path: Path) -> None:
    manifest = shelf.rendered(path, "render", {"have": ["thumbnail", "preview", "clip_small"]})
    with av.open(str(shelf.folder / manifest["renditions"]["clip_mp4"]["id"] / "clip.mp4")) as container:
        coded = [samples(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    with tempfile.TemporaryDirectory() as workspace:
        shown = [samples(display) for display, _ in displayed(open_source(path, Path(workspace)))]
    wanted = [int(one) for one in np.random.default_rng(5).integers(0, len(shown), 12)] + [len(shown) - 1, 0]
    found = bench.evaluate("([json, wanted]) => clipFrames(parseManifest(json), wanted)", [manifest, wanted])
    assert found["count"] == manifest["frames"] == len(shown) == len(coded)
    for asked, pixels in zip(wanted, found["frames"], strict=True):
        seen = np.asarray(pixels, np.float64)
        far = [float(np.abs(seen - other).mean()) for other in coded]
        # Where nothing moved two coded frames are the same, but for what a browser rounds.
        assert far[asked] <= min(far) + 0.3, f"frame_index {asked} looks like {int(np.argmin(far))}"
        # What H.264 leaves out grows with what there is: 0.4 to 2.7 levels of these clips, and 6.1 of one echo (acuson)
        # that is speckle all over, whose neighbouring samples are 31 levels apart.
        assert np.abs(seen - shown[asked]).mean() < 3 + detail(shown[asked]) / 7


def samples(display: Array) -> Array:
    """The same pixels' green as `sampled` in lossless.ts takes."""
    rows, columns = display.shape[:2]
    down = ((np.arange(SIDE) + 0.5) * rows / SIDE).astype(int)
    across = ((np.arange(SIDE) + 0.5) * columns / SIDE).astype(int)
    green = display if display.ndim == 2 else display[:, :, 1]
    picked: Array = green[np.ix_(down, across)].ravel().astype(np.float64)
    return picked


def detail(picture: Array) -> float:
    """How far neighbouring samples of a row are apart."""
    return float(np.abs(np.diff(picture.reshape(SIDE, SIDE))).mean())
