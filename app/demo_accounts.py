"""The people of the demo program: read by the seeder, and shown on the sign-in page in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

PROGRAM = "Demo program"
SITE_A = "Site A health centre"
SITE_B = "Site B health centre"
HOSPITAL = "Demo district hospital"
DEVICE = "Demo portable ultrasound"
DEVICE_AE_TITLE = "DEMO_US"  # of a portable ultrasound at site A, on this machine only
FACILITIES = ((SITE_A, "Demo district"), (SITE_B, "Demo district"), (HOSPITAL, "Demo district"))

# Public on purpose: it opens invented data on an installation started with DEMO=1, and nothing else.
PASSWORD = "demo-only-password"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One demo person; `facility` is a name of FACILITIES, `try_this` says what to look at first."""

    email: str
    full_name: str
    role: str
    facility: str
    try_this: LazyString
    specialty: str = ""
    registration_number: str = ""


ACCOUNTS = (
    DemoAccount(
        email="doctor.a@demo.example",
        full_name="Demo Doctor, Site A",
        role="treating_doctor",
        facility=SITE_A,
        registration_number="DEMO-1001",
        try_this=_l("Open the demo case, ask a specialist, draw on the X-ray."),
    ),
    DemoAccount(
        email="doctor.b@demo.example",
        full_name="Demo Doctor, Site B",
        role="treating_doctor",
        facility=SITE_B,
        registration_number="DEMO-1002",
        try_this=_l("See that another site's patients stay unseen."),
    ),
    DemoAccount(
        email="radiologist@demo.example",
        full_name="Demo Radiologist",
        role="specialist",
        facility=HOSPITAL,
        specialty="radiology",
        registration_number="DEMO-2001",
        try_this=_l("Take the waiting request and sign an opinion."),
    ),
    DemoAccount(
        email="cardiologist@demo.example",
        full_name="Demo Cardiologist",
        role="specialist",
        facility=HOSPITAL,
        specialty="cardiology",
        registration_number="DEMO-2002",
        try_this=_l("Be the second specialist who wants the same request."),
    ),
    DemoAccount(
        email="manager@demo.example",
        full_name="Demo Manager",
        role="program_manager",
        facility=HOSPITAL,
        try_this=_l("Read who waited and who was helped, without patients' names."),
    ),
    DemoAccount(
        email="admin@demo.example",
        full_name="Demo Administrator",
        role="administrator",
        facility=HOSPITAL,
        try_this=_l("Add a doctor, add a site, read the audit log."),
    ),
)
