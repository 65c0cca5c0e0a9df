"""Room for pictures: what a facility has taken is counted for every file that comes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_WHOLE = sa.text('sha256 is not null')


def upgrade() -> None:
    op.create_index('ix_instance_room', 'instance', ['facility_id', 'size_bytes'], sqlite_where=_WHOLE, postgresql_where=_WHOLE)


def downgrade() -> None:
    op.drop_index('ix_instance_room', 'instance')
