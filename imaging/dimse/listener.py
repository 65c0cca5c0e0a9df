"""The application entity: who may come in, what is answered, and how it ends (PS3.7 section 9.1.1, PS3.4 annex B)."""

from __future__ import annotations

import logging
import socket
import threading
import time
from pathlib import Path
from typing import Any, cast

from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from app.actor import Actor
from app.config import Config
from imaging import arrivals, store
from imaging.dataset import DEFLATED
from imaging.dicom_values import uid
from imaging.dimse import callers, negotiation
from imaging.dimse.pace import Pace
from imaging.dimse.receiving import (
    IMPLEMENTATION_CLASS,
    IMPLEMENTATION_VERSION,
    MAX_PDU,
    BoundedSocket,
    Receiver,
    Spool,
)
from imaging.plain_text import clean
from imaging.refusals import Refusal, refusing

log = logging.getLogger(__name__)

# Status codes of C-STORE (PS3.4 table B.2-1) and of every service (PS3.7 annex C).
SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
WRONG_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000
PROCESSING_FAILURE = 0x0110
_NO_ROOM = {"storage_full", "too_big", "facility_full"}

_NOT_RECOGNISED = (0x01, 0x01, 0x03)  # rejected for good, by the service user, calling AE title not recognised
_NEGOTIATION_SECONDS = 15.0  # from the connection to the association
_IDLE_SECONDS = 60.0  # an association on which nothing comes
_WAITING_ROOM = 32  # connections on which nobody has said yet who they are
_WAITING_FROM_ONE = 8  # of these from one address
_POLL_SECONDS = 0.25
DRAIN_SECONDS = 8.0
_SOP_INSTANCE = 0x00080018
_MOST_VALUE = 4096  # bytes of one element that are read


class Door(ThreadedAssociationServer):
    """Listens, and gives every association its bounds."""

    daemon_threads = True
    request_queue_size = 64

    listener: Listener

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for another connection that has not said who it is: some for each address."""
        waiting = [one.requestor.address for one in self.active_associations if not one.is_established]
        return len(waiting) < _WAITING_ROOM and waiting.count(client_address[0]) < _WAITING_FROM_ONE


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        association = super()._create_association()
        listener = cast(Door, self.server).listener
        association.dul.socket = BoundedSocket(cast(AssociationSocket, association.dul.socket), listener.pace)
        association.daemon = association.dul.daemon = True  # a peer that says nothing must not keep the process
        association.dimse = Receiver(association, listener.folder, listener.config.max_upload_bytes)
        cast(socket.socket, self.request).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return association


class Listener:
    """The application entity of this installation: `start`, and `drain` when it is to end."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.pace = Pace(config.dimse_bytes_per_second)
        self.folder = store.folder("arriving-dicom")
        self.draining = False
        self._senders: dict[Association, Actor] = {}
        self._server: Door | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen, in a thread of its own. Raises OSError when the port is taken."""
        _config.LOG_HANDLER_LEVEL = "none"
        _config.USE_SHORT_DIMSE_AET = True
        entity = AE(self.config.dimse_ae_title)
        entity.implementation_class_uid = IMPLEMENTATION_CLASS
        entity.implementation_version_name = IMPLEMENTATION_VERSION
        entity.maximum_associations = self.config.dimse_associations
        entity.maximum_pdu_size = MAX_PDU
        entity.require_called_aet = True
        entity.acse_timeout = _NEGOTIATION_SECONDS
        entity.dimse_timeout = _IDLE_SECONDS
        entity.network_timeout = _IDLE_SECONDS
        entity.supported_contexts = negotiation.settle([])
        server: Door = entity.make_server(  # type: ignore[assignment]  # the class that it is given
            (self.config.dimse_host, self.config.dimse_port),
            evt_handlers=self._handlers(),
            server_class=Door,
            request_handler=_Handler,
        )
        server.listener = self
        entity._servers.append(server)
        self._server = server
        for left in self.folder.iterdir():  # by a listener that was killed: nobody was told that these are safe
            left.unlink(missing_ok=True)
        threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="dicom door", daemon=True).start()

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_REQUESTED, self._judge),
            (evt.EVT_SOP_COMMON, lambda event: negotiation.as_storage(_proposed(event.assoc))),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_CONN_CLOSE, self._forget),
        ]

    def _judge(self, event: Event) -> None:
        """Let a known unit in and offer it what it proposes; anybody else is told that they are not known."""
        association = event.assoc
        try:
            sender = self._recognise(association)
        except Exception:  # pynetdicom would go on as if nobody had asked
            log.exception("a caller could not be looked up, and is refused")
            sender = None
        if sender is None:
            association.acse.send_reject(*_NOT_RECOGNISED)
            association.kill()
            return
        self._senders[association] = sender
        association.acceptor.supported_contexts = negotiation.settle(_proposed(association))

    def _recognise(self, association: Association) -> Actor | None:
        title = str(cast(A_ASSOCIATE, association.requestor.primitive).calling_ae_title).strip()
        address = association.requestor.address
        sender = callers.recognise(title, address)
        if sender is None:
            log.warning("refused: %s at %s is not a unit that may send", clean(title, 16), address)
        return None if self.draining else sender

    def _store(self, event: Event) -> int:
        """Answer a C-STORE: success only when the bytes and their row are on the disk."""
        receiver = cast(Receiver, event.assoc.dimse)
        spool = receiver.collect(event.dataset_path)
        try:
            return self._take(self._senders[event.assoc], spool, event)
        except Refusal as refusal:
            log.warning("a data set was refused: %s", refusal.code)
            return OUT_OF_RESOURCES if refusal.code in _NO_ROOM else CANNOT_UNDERSTAND
        except Exception:
            log.exception("a data set could not be stored")
            return PROCESSING_FAILURE
        finally:
            receiver.answered(spool.path)

    def _take(self, sender: Actor, spool: Spool, event: Event) -> int:
        if spool.problem:
            raise Refusal("storage_full" if spool.problem == "full" else "too_big")
        request = cast(C_STORE, event.request)
        instance = str(request.AffectedSOPInstanceUID)
        if event.context.transfer_syntax != DEFLATED:  # a packed header is for the sandbox to open
            status = check(spool.path, str(request.AffectedSOPClassUID), instance)
            if status != SUCCESS:
                return status
        arrivals.take(sender, None, spool.path, file_name=f"{instance}.dcm")
        return SUCCESS

    def _forget(self, event: Event) -> None:
        self._senders.pop(event.assoc, None)
        cast(Receiver, event.assoc.dimse).discard_all()

    def drain(self) -> None:
        """Take no new association, let what is being received come to its end, and end the rest."""
        assert self._server is not None
        if not self.draining:
            self.draining = True
            self._server.shutdown()
        give_up_at = time.monotonic() + DRAIN_SECONDS
        while (open_ones := self._server.active_associations) and time.monotonic() < give_up_at:
            for association in open_ones:
                if cast(Receiver, association.dimse).idle:
                    association.abort(block=False)
            time.sleep(0.02)
        for association in self._server.active_associations:
            association.abort(block=False)

    def tidy(self) -> None:
        """Forget associations that ended without a word."""
        for association in list(self._senders):
            if not association.is_alive():
                self._senders.pop(association, None)
                cast(Receiver, association.dimse).discard_all()


def _proposed(association: Association) -> list[PresentationContext]:
    request = cast(A_ASSOCIATE, association.requestor.primitive)
    return request.presentation_context_definition_list


def check(path: Path, sop_class: str, sop_instance: str) -> int:
    """Whether the data set is what the command says: a status. Raises Refusal when it cannot be read at all.

    Only the first elements are looked at; whether it is a picture is found out by the worker.
    """
    with refusing("damaged_header"), path.open("rb") as file:
        head = read_partial(file, stop_when=_is_after_identity, defer_size=_MOST_VALUE)
        found_class, found_instance = uid(head, "SOPClassUID"), uid(head, "SOPInstanceUID")
    if found_instance != sop_instance:
        return CANNOT_UNDERSTAND
    return SUCCESS if found_class == sop_class else WRONG_CLASS


def _is_after_identity(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) > _SOP_INSTANCE
