"""Renditions made again, and tiles of single frames."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

_NAMES = "'thumbnail', 'preview', 'full', 'tiles', 'clip_small', 'clip', 'clip_mp4'"
_TABLET = "'tablet_preview', 'tablet_clip'"
_LIVE = sa.text('retired_at is null')


def upgrade() -> None:
    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('frame_index', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('retired_at', sa.DateTime(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_rendition_instance_id_name'), type_='unique')
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_NAMES}, 'frame_tiles', {_TABLET})")
        batch_op.create_index(batch_op.f('ix_rendition_retired_at'), ['retired_at'], unique=False)
        batch_op.create_index('uq_rendition_live', ['instance_id', 'name', 'frame_index'], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    op.execute("delete from rendition where retired_at is not null or name = 'frame_tiles'")
    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.drop_index('uq_rendition_live')
        batch_op.drop_index(batch_op.f('ix_rendition_retired_at'))
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_NAMES}, {_TABLET})")
        batch_op.drop_column('retired_at')
        batch_op.drop_column('version')
        batch_op.drop_column('frame_index')
        batch_op.create_unique_constraint(batch_op.f('uq_rendition_instance_id_name'), ['instance_id', 'name'])
