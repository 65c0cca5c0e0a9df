from typing import Any

from flask_login.utils import current_user as current_user
from flask_login.utils import login_required as login_required
from flask_login.utils import login_user as login_user
from flask_login.utils import logout_user as logout_user

LoginManager: Any

class UserMixin:
    @property
    def is_active(self) -> bool: ...
    @property
    def is_authenticated(self) -> bool: ...
    @property
    def is_anonymous(self) -> bool: ...
    def get_id(self) -> str: ...
