"""Copies without identity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('teaching_copy',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('program_id', sa.String(length=32), nullable=False),
    sa.Column('maker_id', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('preset', sa.String(length=16), nullable=False),
    sa.Column('pictures', sa.JSON(), nullable=False),
    sa.Column('file_bytes', sa.BigInteger(), nullable=False),
    sa.Column('added_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_teaching_copy_program_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teaching_copy'))
    )
    with op.batch_alter_table('teaching_copy', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_teaching_copy_program_id'), ['program_id'], unique=False)

    op.create_table('deidentified_copy',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('maker_id', sa.String(length=64), nullable=False),
    sa.Column('maker_name', sa.String(length=200), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('preset', sa.String(length=16), nullable=False),
    sa.Column('salt', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('progress', sa.Float(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('reason_code', sa.String(length=32), nullable=True),
    sa.Column('file_bytes', sa.BigInteger(), nullable=True),
    sa.Column('confirmed_by', sa.String(length=64), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("purpose in ('export', 'teaching')", name=op.f('ck_deidentified_copy_purpose')),
    sa.CheckConstraint("state in ('proposing', 'confirming', 'failed', 'deleted') or confirmed_at is not null", name=op.f('ck_deidentified_copy_confirmed')),
    sa.CheckConstraint("state in ('proposing', 'confirming', 'making', 'ready', 'failed', 'kept', 'deleted')", name=op.f('ck_deidentified_copy_state')),
    sa.CheckConstraint('progress between 0 and 1', name=op.f('ck_deidentified_copy_progress')),
    sa.ForeignKeyConstraint(['case_id'], ['case_record.id'], name=op.f('fk_deidentified_copy_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deidentified_copy'))
    )
    with op.batch_alter_table('deidentified_copy', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deidentified_copy_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_deidentified_copy_state'), ['state'], unique=False)

    op.create_table('deidentified_item',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('copy_id', sa.String(length=32), nullable=False),
    sa.Column('instance_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('left_out', sa.Boolean(), nullable=False),
    sa.Column('reason_code', sa.String(length=32), nullable=True),
    sa.Column('reason_values', sa.JSON(), nullable=False),
    sa.Column('columns', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('frames', sa.Integer(), nullable=False),
    sa.Column('pictures', sa.JSON(), nullable=False),
    sa.Column('made', sa.JSON(), nullable=False),
    sa.CheckConstraint("state in ('waiting', 'proposed', 'made', 'failed')", name=op.f('ck_deidentified_item_state')),
    sa.ForeignKeyConstraint(['copy_id'], ['deidentified_copy.id'], name=op.f('fk_deidentified_item_copy_id')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_deidentified_item_instance_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deidentified_item'))
    )
    with op.batch_alter_table('deidentified_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deidentified_item_copy_id'), ['copy_id'], unique=False)

    op.create_table('deidentified_mask',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.String(length=32), nullable=False),
    sa.Column('x', sa.Integer(), nullable=False),
    sa.Column('y', sa.Integer(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=16), nullable=False),
    sa.Column('likely', sa.Boolean(), nullable=False),
    sa.Column('decision', sa.String(length=16), nullable=False),
    sa.CheckConstraint("decision in ('open', 'accepted', 'rejected')", name=op.f('ck_deidentified_mask_decision')),
    sa.CheckConstraint("origin in ('text', 'outside', 'banner', 'person')", name=op.f('ck_deidentified_mask_origin')),
    sa.CheckConstraint('width > 0 and height > 0', name=op.f('ck_deidentified_mask_size')),
    sa.ForeignKeyConstraint(['item_id'], ['deidentified_item.id'], name=op.f('fk_deidentified_mask_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deidentified_mask'))
    )
    with op.batch_alter_table('deidentified_mask', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deidentified_mask_item_id'), ['item_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('deidentified_mask', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deidentified_mask_item_id'))

    op.drop_table('deidentified_mask')
    with op.batch_alter_table('deidentified_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deidentified_item_copy_id'))

    op.drop_table('deidentified_item')
    with op.batch_alter_table('deidentified_copy', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deidentified_copy_state'))
        batch_op.drop_index(batch_op.f('ix_deidentified_copy_case_id'))

    op.drop_table('deidentified_copy')
    with op.batch_alter_table('teaching_copy', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_teaching_copy_program_id'))

    op.drop_table('teaching_copy')
