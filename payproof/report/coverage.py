"""docs/coverage.md: every normative sentence of the sources, and which clause judges it, or why none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.contract import Contract
    from payproof.kit import Kit


def page(kit: Kit) -> str:
    """Give the page for all contracts of a kit."""
    lines = [
        "# Coverage",
        "",
        (
            "Every normative sentence of the vendors' documents, in our words, and what judges it. This page is made by "
            "`payproof clauses --coverage > docs/coverage.md`; a test fails where it is stale."
        ),
    ]
    for contract in kit.contracts.values():
        lines += _section(contract)
    return "\n".join(lines) + "\n"


def _section(contract: Contract) -> list[str]:
    judged = sum("by" in statement for statement in contract.statements)
    counts = (
        f"{len(contract.statements)} statements, {judged} of them judged; {len(contract.clauses)} clauses of behaviour, "
        f"{len(contract.shapes)} of shape, {len(contract.discrepancies)} discrepancies of the documents."
    )
    lines = ["", f"## {contract.api}", "", counts]
    for name, document in contract.documents.items():
        own = [statement for statement in contract.statements if statement["document"] == name]
        if own:
            lines += ["", f"### {document['title']} ({document['publisher']})", "", "| at | the document says | judged by |",
                      "|---|---|---|"]  # fmt: skip
            lines += [f"| {_cell(statement['at'])} | {_cell(statement['says'])} | {_judged(statement)} |" for statement in own]
    if contract.discrepancies:
        lines += ["", "### Where the documents contradict themselves, or each other", "",
                  "| | says | but | we follow |", "|---|---|---|---|"]  # fmt: skip
        lines += [f"| {slug} | {_cell(item['says'])} | {_cell(item['but'])} | {_cell(item['we_follow'])} |"
                  for slug, item in contract.discrepancies.items()]  # fmt: skip
    return lines


def _judged(statement: Mapping[str, Any]) -> str:
    if "by" in statement:
        return ", ".join(f"`{name}`" for name in statement["by"])
    if "client" in statement:
        return f"the caller's duty: {_cell(statement['client'])}"
    return f"not testable: {_cell(statement['untestable'])}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
