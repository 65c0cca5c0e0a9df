"""What comes in on an association: bounded in size and time, written to the disk as it comes, never kept in memory.

pynetdicom gathers data sets in memory, or in a temporary file that an abort leaves behind, and takes a PDU of any
length at any pace. These two pieces take the place of its own.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import AssociationSocket

from app.db import new_id
from imaging.dimse.pace import Pace
from imaging.store import FULL

IMPLEMENTATION_CLASS = UID("2.25.146298574893762143580912374658201937465")
IMPLEMENTATION_VERSION = "NIDAAN"
MAX_PDU = 131_072  # bytes of a P-DATA-TF, as we announce it
_LONGEST_PDU = MAX_PDU + 6 + 65_536  # an A-ASSOCIATE-RQ has no announced limit; 128 contexts of 40 syntaxes fit
STALL_SECONDS = 30.0  # without a byte
PDU_SECONDS = 120.0  # for a whole PDU: 9 kbit/s
_MOST_SAID = 65_536  # bytes of a command, with a data set that is not to be stored: pynetdicom keeps both in memory
_MOST_WAITING = 8  # data sets sent without waiting for the answer to the first
_LAST, _COMMAND = 2, 1  # bits of a PDV's message control header (PS3.8 annex E.2)


class Spool:
    """A data set on its way to the disk, behind a file meta header (PS3.10 section 7.1).

    `problem` is "full" or "too_big" once its bytes are only counted; the file is gone then.
    """

    def __init__(self, folder: Path, meta: FileMetaDataset, most: int) -> None:
        self.path = folder / f"{new_id()}.dcm"
        self.problem = ""
        self.size = 0
        self._most = most
        self._file: BinaryIO | None = None
        try:
            self._file = self.path.open("wb")
            self._file.write(b"\0" * 128 + b"DICM")
            write_file_meta_info(DicomFileLike(self._file), meta)
        except OSError as error:
            self._fail(error)
        except Exception:  # a command that names no instance: pynetdicom ends the association
            self._end("aborted")
            raise

    def write(self, data: bytes) -> None:
        """Append a fragment of the data set."""
        self.size += len(data)
        if self.size > self._most and not self.problem:
            self._end("too_big")
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """The data set is whole."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._fail(error)
            self._file = None

    def discard(self) -> None:
        """The data set will not become whole."""
        self._end(self.problem or "aborted")

    def _fail(self, error: OSError) -> None:
        if error.errno not in FULL:
            raise error
        self._end("full")

    def _end(self, problem: str) -> None:
        self.problem = problem
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what was buffered may not fit either
                file.close()
        self.path.unlink(missing_ok=True)


def file_meta(*, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> FileMetaDataset:
    """The header of the file that a data set becomes: the same for the same data set from the same unit."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    meta.SourceApplicationEntityTitle = sender
    return meta


class Receiver(DIMSEServiceProvider):
    """Takes data sets of C-STORE requests to the disk; everything else is pynetdicom's."""

    def __init__(self, association: Any, folder: Path, most: int) -> None:
        super().__init__(association)
        self._folder = folder
        self._most = most
        self._spool: Spool | None = None
        self._whole: dict[Path, Spool] = {}
        self._said = 0  # bytes of the present message in memory

    @property
    def idle(self) -> bool:
        """Whether nothing is half received or waits to be stored."""
        return self.message is None and not self._whole

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Each fragment in turn: a data set's to its spool, a command's to pynetdicom."""
        for context_id, data in primitive.presentation_data_value_list:
            if data and not data[0] & _COMMAND and isinstance(self.message, C_STORE_RQ):
                self._receive_data(context_id, data)
            else:
                self._pass_on(context_id, data)

    def _receive_data(self, context_id: int, data: bytes) -> None:
        if self._spool is None:
            self._spool = self._open_spool(context_id)
        self._spool.write(data[1:])
        if self._spool.size > 2 * self._most:
            self.assoc.abort(block=False)  # it is told once it has ended, but it does not end
        if not data[0] & _LAST:
            return
        spool, self._spool = self._spool, None
        spool.close()
        assert self.message is not None
        self.message._data_set_path = spool.path
        self._whole[spool.path] = spool
        self._pass_on(context_id, bytes([_LAST]))
        if self.msg_queue.qsize() > _MOST_WAITING:
            self.assoc.abort(block=False)

    def _open_spool(self, context_id: int) -> Spool:
        command = self.message.command_set  # type: ignore[union-attr]
        context = self.assoc._accepted_cx[context_id]
        meta = file_meta(
            sop_class=str(command.AffectedSOPClassUID),
            sop_instance=str(command.AffectedSOPInstanceUID),
            transfer_syntax=str(context.transfer_syntax[0]),
            sender=str(self.assoc.requestor.ae_title),
        )
        return Spool(self._folder, meta, self._most)

    def _pass_on(self, context_id: int, data: bytes) -> None:
        before, self._said = self._said, self._said + len(data)
        if self._said > _MOST_SAID:
            if before <= _MOST_SAID:
                self.assoc.abort(block=False)
            return
        single = P_DATA()
        single.presentation_data_value_list.append((context_id, data))
        super().receive_primitive(single)
        if self.message is None:
            self._said = 0

    def collect(self, path: Path) -> Spool:
        """The whole data set of a request, until `answered`."""
        return self._whole[path]

    def answered(self, path: Path) -> None:
        """The request has its answer: what of the file was not taken in goes."""
        self._whole.pop(path, None)
        path.unlink(missing_ok=True)

    def discard_all(self) -> None:
        """The association has ended: what is not whole, or was not asked for, goes."""
        if self._spool is not None:
            self._spool.discard()
        for path in list(self._whole):
            self._whole.pop(path).discard()


class BoundedSocket(AssociationSocket):
    """An association's socket that waits for nobody for ever and takes no PDU longer than agreed."""

    def __init__(self, plain: AssociationSocket, pace: Pace) -> None:
        # not AssociationSocket's: `plain` has told the state machine of its connection already
        self.__dict__.update(plain.__dict__)
        self._pace = pace
        if self.socket is not None:
            self.socket.settimeout(STALL_SECONDS)

    def recv(self, nr_bytes: int) -> bytearray:
        """Exactly `nr_bytes`, or fewer when the peer has closed. Raises OSError (the connection is given up)."""
        if nr_bytes > _LONGEST_PDU:
            raise OSError("the PDU is longer than agreed")
        assert self.socket is not None
        found = bytearray(nr_bytes)
        view = memoryview(found)
        read, give_up_at = 0, time.monotonic() + PDU_SECONDS
        while read < nr_bytes:
            count = self.socket.recv_into(view[read:])
            if not count:
                break
            read += count
            if time.monotonic() > give_up_at:
                raise TimeoutError("the PDU takes too long")
        self._pace.wait_for(read)
        view.release()
        del found[read:]
        return found
