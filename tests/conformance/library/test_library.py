"""The whole library against the whole specification: one run, since what matters is that nothing is left out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import document
from .run import Run, scenarios

REFUSED = {
    *("MessagingServiceSid", "DefaultMessagingServiceSid"),  # there are no messaging services
    *("Bindings.Email.Address", "Bindings.Email.Name", "MessagingBinding.ProjectedAddress"),  # there are no carriers
    *("DefaultInactiveTimer", "DefaultClosedTimer"),  # conversations have timers of their own only
}
"""Parameters that are refused, as docs/rest.md says. Scenarios see that they are."""
FIXED = {f"Update{form}ConversationParticipant": {"MessagingBinding.ProxyAddress"} for form in ("", "Service")}
"""What else is refused, by operation."""


def test_every_operation(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Each answer has the keys and types of the specification, each value that is written is read back, and none of the
    operations and parameters is left out."""
    with Run.of(tmp_path) as run:
        for name, form, scenario in scenarios():
            with subtests.test(name, form=form):
                run.play(form, scenario)
        assert "ERROR" not in run.server.log
        reached = run.recorder.reached()
        with subtests.test("operations"):
            assert [each.id for each in run.specification.operations if each not in reached] == []
        with subtests.test("parameters"):
            wanted = {each: each.parameters - REFUSED - FIXED.get(each.id, set()) for each in reached}
            unsent = {each.id: names - run.recorder.parameters(each) for each, names in wanted.items()}
            assert {name: names for name, names in unsent.items() if names} == {}
        with subtests.test("docs/rest.md"):
            committed = document.committed(document.DOCUMENT.read_text())
            assert document.table(run) == committed, f"refresh it with:  {document.REFRESH}"
