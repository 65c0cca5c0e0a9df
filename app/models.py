"""Every table of the product in one place, for migrations, commands and tests. Composition: nothing imports it."""

# ruff: noqa: F401  # imported for what they declare

from __future__ import annotations

import app.audit
import app.auth.models
import app.outbox
import consult.chat.models
import consult.models
import consult.patients.models
import consult.reports.models
import consult.stage.models
import imaging.deidentify.models
import imaging.dicomweb.models
import imaging.dimse.models
import imaging.guards.checklists.models
import imaging.guards.holds.models
import imaging.guards.retakes.models
import imaging.inbox.models
import imaging.models
import imaging.site_models.models
import video.checks.models
import video.models
import video.recordings.models
from app.db import Base

__all__ = ["Base"]
