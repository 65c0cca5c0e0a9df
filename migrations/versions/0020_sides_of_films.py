"""which side of a film is the patient's right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('side', sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.add_column(sa.Column('side', sa.String(length=16), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_column('side')
    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.drop_column('side')
