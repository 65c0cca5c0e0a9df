"""Studies and files that wait for a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_WAITING = sa.text('case_id is null')


def upgrade() -> None:
    with op.batch_alter_table('study', schema=None) as batch_op:
        batch_op.add_column(sa.Column('program_id', sa.String(length=32), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('facility_id', sa.String(length=32), nullable=True))
    for column in ('program_id', 'facility_id'):
        op.execute(
            f'update study set {column} = (select case_record.{column} from case_record where case_record.id = study.case_id)'
            ' where case_id is not null'
        )
    with op.batch_alter_table('study', schema=None) as batch_op:
        batch_op.create_index('ix_study_identity', ['facility_id', 'study_instance_uid'], unique=False)
        batch_op.create_index('uq_study_waiting', ['facility_id', 'study_instance_uid'], unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING)

    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.add_column(sa.Column('acknowledged', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    # never recreated: other tables refer to these
    with op.batch_alter_table('upload', schema=None, recreate='never') as batch_op:
        batch_op.drop_column('acknowledged')

    with op.batch_alter_table('study', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('uq_study_waiting')
        batch_op.drop_index('ix_study_identity')
        batch_op.drop_column('facility_id')
        batch_op.drop_column('program_id')
