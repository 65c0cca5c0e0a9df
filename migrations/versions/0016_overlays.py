"""Overlays."""

from __future__ import annotations

from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

_NAMES = (
    "'thumbnail', 'preview', 'full', 'tiles', 'clip_small', 'clip', 'clip_mp4', 'frame_tiles', "
    "'tablet_preview', 'tablet_clip'"
)


def upgrade() -> None:
    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_NAMES}, 'overlays')")


def downgrade() -> None:
    op.execute("delete from rendition where name = 'overlays'")
    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_NAMES})")
