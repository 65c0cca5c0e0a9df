"""What a site's own model said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('model_run',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('instance_id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('version', sa.String(length=200), nullable=False),
    sa.Column('approval', sa.String(length=200), nullable=False),
    sa.Column('intended_use', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('reason_code', sa.String(length=32), nullable=True),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint("state != 'failed' or reason_code is not null", name=op.f('ck_model_run_reason')),
    sa.CheckConstraint("state in ('running', 'done', 'failed')", name=op.f('ck_model_run_state')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_model_run_instance_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_run')),
    sa.UniqueConstraint('instance_id', 'name', 'version', name=op.f('uq_model_run_instance_id_name_version'))
    )
    op.create_table('model_statement',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('probability', sa.Float(), nullable=True),
    sa.Column('frame_number', sa.Integer(), nullable=True),
    sa.Column('box', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('judgement', sa.String(length=16), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('judged_by', sa.String(length=64), nullable=True),
    sa.Column('judged_by_name', sa.String(length=200), nullable=False),
    sa.Column('judged_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint("judgement = 'open' or judged_at is not null", name=op.f('ck_model_statement_judged')),
    sa.CheckConstraint("judgement in ('open', 'accepted', 'rejected')", name=op.f('ck_model_statement_judgement')),
    sa.ForeignKeyConstraint(['run_id'], ['model_run.id'], name=op.f('fk_model_statement_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_statement'))
    )
    with op.batch_alter_table('model_statement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_statement_run_id'), ['run_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('model_statement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_model_statement_run_id'))

    op.drop_table('model_statement')
    op.drop_table('model_run')
