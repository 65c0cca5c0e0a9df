"""The units that may send: nobody else is listened to."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.actor import Actor
from app.db import Base, Utc, new_id

Network = IPv4Network | IPv6Network


class Device(Base):
    """An ultrasound, an X-ray unit or a modality's gateway at one facility, known by its AE title and address."""

    __tablename__ = "device"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"))
    name: Mapped[str] = mapped_column(String(120))
    ae_title: Mapped[str] = mapped_column(String(16), index=True)
    addresses: Mapped[str] = mapped_column(String(400))  # addresses and networks (CIDR), with ", " between them
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime | None] = mapped_column(Utc)
    # A caller with this AE title from another address: mostly the unit itself, after its address has changed.
    refused_at: Mapped[datetime | None] = mapped_column(Utc)
    refused_address: Mapped[str] = mapped_column(String(45), default="")

    @property
    def networks(self) -> list[Network]:
        """Where the unit may call from."""
        return [ip_network(part) for part in self.addresses.split(", ") if part]

    def may_call_from(self, address: str) -> bool:
        """Whether `address` is the unit's, or in its network."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks)

    def actor(self) -> Actor:
        """The unit as operations see it: what it sends, it sends in its own name."""
        return Actor(
            kind="device",
            id=self.id,
            name=self.name,
            role="device",
            program_id=self.program_id,
            facility_id=self.facility_id,
        )
