"""The inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('inbox_decision',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('object_id', sa.String(length=32), nullable=False),
    sa.Column('facility_id', sa.String(length=32), nullable=False),
    sa.Column('decision', sa.String(length=16), nullable=False),
    sa.Column('case_id', sa.String(length=32), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.Column('decided_by_name', sa.String(length=200), nullable=False),
    sa.Column('decided_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("decision in ('attached', 'detached', 'discarded', 'restored')", name=op.f('ck_inbox_decision_decision')),
    sa.ForeignKeyConstraint(['case_id'], ['case_record.id'], name=op.f('fk_inbox_decision_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_decision'))
    )
    with op.batch_alter_table('inbox_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbox_decision_object_id'), ['object_id'], unique=False)

    with op.batch_alter_table('study', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attached_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('discarded_at', sa.DateTime(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('study', schema=None, recreate='never') as batch_op:  # other tables refer to it
        batch_op.drop_column('discarded_at')
        batch_op.drop_column('attached_at')

    with op.batch_alter_table('inbox_decision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbox_decision_object_id'))

    op.drop_table('inbox_decision')
