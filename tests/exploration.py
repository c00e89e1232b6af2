"""How long hypothesis looks for steps that break a rule."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def explore(
    machine: type[RuleBasedStateMachine], examples: int, steps: int, *, same: bool = False, shrink: bool = True
) -> None:
    """A failure is printed as the shortest steps that lead to it. same: the same steps each time.

    shrink: look for the shortest steps, which takes long where a failure is something that does not come.
    """
    phases = [phase for phase in Phase if shrink or phase not in (Phase.shrink, Phase.explain)]
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=same,
        phases=phases,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(machine, settings=bounds)
