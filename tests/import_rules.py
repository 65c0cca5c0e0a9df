"""A rule about imports that import-linter has no contract for."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

DELIVERY = ("routes", "sockets", "forms", "signalling")
FLASK = {"flask", "flask_login", "flask_limiter", "flask_socketio", "flask_wtf", "werkzeug", "wtforms"}


class DeliveryContract(Contract):
    """In `packages`, only modules named for delivery (`routes`, `log_routes`, `sockets`, `forms`) import Flask.

    flask_babel is no part of it: a sentence may be marked for translation where it is written.
    """

    packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect the modules that break the rule."""
        wrong = [
            f"{module} imports {imported}"
            for package in self.packages  # type: ignore[attr-defined]  # a descriptor, a list on instances
            for module in sorted({package, *graph.find_descendants(package)})
            if not module.endswith(DELIVERY)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported.partition(".")[0] in FLASK
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say each import that breaks the rule."""
        for line in check.metadata["wrong"]:
            output.print_error(line)
