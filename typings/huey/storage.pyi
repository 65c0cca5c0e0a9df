from typing import Any

class SqliteStorage:
    def _create_connection(self) -> Any: ...
