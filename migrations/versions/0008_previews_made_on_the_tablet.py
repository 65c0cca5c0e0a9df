"""Previews made on the tablet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

_STATES = "('none', 'checking', 'shown', 'here', 'refused')"
_RENDITIONS = "'thumbnail', 'preview', 'full', 'tiles', 'clip_small', 'clip', 'clip_mp4'"


def upgrade() -> None:
    op.create_table('tablet_preview',
    sa.Column('upload_id', sa.String(length=32), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('still_state', sa.String(length=16), nullable=False),
    sa.Column('clip_state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('reason_code', sa.String(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint(f"clip_state in {_STATES}", name=op.f('ck_tablet_preview_clip_state')),
    sa.CheckConstraint(f"still_state in {_STATES}", name=op.f('ck_tablet_preview_still_state')),
    sa.ForeignKeyConstraint(['upload_id'], ['upload.id'], name=op.f('fk_tablet_preview_upload_id')),
    sa.PrimaryKeyConstraint('upload_id', name=op.f('pk_tablet_preview'))
    )
    with op.batch_alter_table('tablet_preview', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tablet_preview_clip_state'), ['clip_state'], unique=False)
        batch_op.create_index(batch_op.f('ix_tablet_preview_still_state'), ['still_state'], unique=False)

    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('differs', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.alter_column('sha256', existing_type=sa.String(length=64), nullable=True)
        batch_op.drop_constraint(batch_op.f('ck_instance_state'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_instance_state'), "state in ('provisional', 'received', 'processing', 'ready', 'unusable')")
        batch_op.create_check_constraint(batch_op.f('ck_instance_original'), "(sha256 is null) = (state = 'provisional')")

    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_RENDITIONS}, 'tablet_preview', 'tablet_clip')")


def downgrade() -> None:
    # previews without an original have no place in the tables as they were
    op.execute("delete from rendition where name in ('tablet_preview', 'tablet_clip')")
    op.execute("update upload set instance_id = null where instance_id in (select id from instance where sha256 is null)")
    op.execute("delete from hold where instance_id in (select id from instance where sha256 is null)")
    op.execute("delete from instance where sha256 is null")
    with op.batch_alter_table('rendition', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_rendition_name'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_rendition_name'), f"name in ({_RENDITIONS})")

    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_instance_original'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_instance_state'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_instance_state'), "state in ('received', 'processing', 'ready', 'unusable')")
        batch_op.alter_column('sha256', existing_type=sa.String(length=64), nullable=False)
        batch_op.drop_column('differs')

    with op.batch_alter_table('tablet_preview', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tablet_preview_still_state'))
        batch_op.drop_index(batch_op.f('ix_tablet_preview_clip_state'))
    op.drop_table('tablet_preview')
