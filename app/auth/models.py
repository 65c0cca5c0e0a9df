"""Programs, facilities, the people who sign in, and the tokens by which programs ask in somebody's name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.actor import Actor
from app.db import Base, Utc, new_id

TOKEN_SCOPES = ("read", "store")
USER_ROLES = ("treating_doctor", "specialist", "program_manager", "administrator")


class Program(Base):
    """A telemedicine program: the boundary that nothing but an administrator's export crosses."""

    __tablename__ = "program"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)


class Facility(Base):
    """A clinic, health centre or hospital of a program."""

    __tablename__ = "facility"
    __table_args__ = (UniqueConstraint("program_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    district: Mapped[str] = mapped_column(String(120), default="")
    data_saver: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false()
    )  # calls begin without video
    monthly_data_mb: Mapped[int | None] = mapped_column(default=None)  # what its calls may use; None for no limit
    created_at: Mapped[datetime] = mapped_column(Utc)


class User(Base):
    """A person with an account. `session_stamp` changes to end every session they have."""

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint(f"role in {USER_ROLES!r}", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"), index=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)  # kept in lower case
    full_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(32))
    specialty: Mapped[str] = mapped_column(String(64), default="")
    registration_number: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    password_hash: Mapped[str] = mapped_column(String(200))
    session_stamp: Mapped[str] = mapped_column(String(32), default=new_id)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)

    program: Mapped[Program] = relationship(lazy="joined")
    facility: Mapped[Facility] = relationship(lazy="joined")

    def actor(self) -> Actor:
        """The user as operations see them."""
        return Actor(
            kind="user",
            id=self.id,
            name=self.full_name,
            role=self.role,  # type: ignore[arg-type]  # the CHECK constraint holds it to USER_ROLES
            program_id=self.program_id,
            facility_id=self.facility_id,
        )


class AccessToken(Base):
    """A bearer token (RFC 6750) of a person, or of a device of a facility. Only a hash of it is kept."""

    __tablename__ = "access_token"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"), index=True)  # None: a device's
    name: Mapped[str] = mapped_column(String(120))  # what uses it, in its owner's words
    prefix: Mapped[str] = mapped_column(String(16), unique=True)  # its beginning, which may be shown
    sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(40))  # words of TOKEN_SCOPES, a blank between them
    created_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    last_used_at: Mapped[datetime | None] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)

    user: Mapped[User | None] = relationship(lazy="joined")
    facility: Mapped[Facility] = relationship(lazy="joined")
