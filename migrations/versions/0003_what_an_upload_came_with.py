"""What an upload came with: the SHA-256 that its sender told, and the archive that it was in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('parent_id', sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f('ix_upload_parent_id'), ['parent_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_upload_parent_id'), 'upload', ['parent_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_upload_parent_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_upload_parent_id'))
        batch_op.drop_column('parent_id')
        batch_op.drop_column('sha256')
