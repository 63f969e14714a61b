"""Which defences stand in which variant: all, all but one, one alone, none but the retries."""

from harness.model import Broken, Fixed, Measured
from harness.model.fault import Setting
from labs.resilience.defence_in_depth.predictions import BUDGET

BUDGETED: dict[str, Setting] = {"shop.outgoing.retry.budget": BUDGET}
BREAKER: dict[str, Setting] = {"shop.outgoing.order": "retry,breaker"}
SHED: dict[str, Setting] = {"payments.incoming.order": "shed"}
ALL = {**BUDGETED, **BREAKER, **SHED}
ALONE = ("budget", "breaker", "shed")
ONE_LESS = ("no-budget", "no-breaker", "no-shed")

VARIANTS = (
    Measured("all", ALL),
    Broken("no-retry", {**ALL, "shop.outgoing.retry.tries": 1}),
    Measured("no-budget", {**BREAKER, **SHED}),
    Measured("no-breaker", {**BUDGETED, **SHED}),
    Measured("no-shed", {**BUDGETED, **BREAKER}),
    Fixed("budget", BUDGETED),
    Fixed("breaker", BREAKER),
    Fixed("shed", SHED),
    Broken("retries"),
)
