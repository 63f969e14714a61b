"""Cells: how many users one heavy tenant takes down, and two ways to have cells that are none."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Service, Together, at, baseline, noted, on,
)  # fmt: skip
from labs.cascades.cell_architecture.predictions import (
    A_CELL, APPS, BAD, COMES_S, DATABASES, END_S, HEAVY, HELD, LOST_BEFORE, LOST_LATER, MOST,
    MOVED_S, ONE, OTHER_DATABASES, PATIENCE_S, PREDICTIONS, READ_S, ROWS, SCAN_S, SPARE_APP,
    SPARE_DB, USER, USERS, WHOLE,
)  # fmt: skip
from labs.cascades.cell_architecture.reading import LOST_PLOT, READING

LIMIT_MS = 1000 * PATIENCE_S
CELL = {"size": 1, "tries": 1}

LAB = Lab(
    title="Cells: bounding the blast radius",
    question="One poison tenant arrives. What share of users feels it with one pool, with cells?",
    services=(
        Service("router", app="services.cells", calls=APPS,
                settings={**CELL, "division": "pool", "spare": SPARE_APP,
                          "timeout_ms": 2 * LIMIT_MS}),
        Service("app", app="services.cells", replicas=len(APPS), calls=DATABASES,
                settings={**CELL, "division": "pool", "timeout_ms": LIMIT_MS},
                each={"spare": OTHER_DATABASES}),
        Service("db", app="services.table", replicas=len(DATABASES),
                settings={"rows": ROWS, "cores": 1, "statement_ms": 1000 * READ_S,
                          "scan_row_us": 1e6 * SCAN_S / ROWS,
                          "connections": HELD, "pool_timeout_ms": 0}),
    ),
    load=Together(of=(USERS, HEAVY)),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("pool"),
        Broken("shared-database", {"router.division": "cells", "app.spare": SPARE_DB}),
        Broken("spill", {"router.division": "cells", "router.spill": 1}),
        Fixed("cells", {"router.division": "cells"}),
        Fixed("moved", {"router.division": "cells"},
              steps=(at(MOVED_S, Configure("router", moved=BAD)),)),
    ),
    expect=(
        baseline(measures.success_ratio(0, COMES_S - 2 * PATIENCE_S, path=USER), at_least=0.99),
        on("pool", "shared-database", "spill", claim="all users feel it", measure=WHOLE,
           at_least=MOST),
        on("cells", "moved", claim="one cell feels it", measure=WHOLE, at_most=A_CELL),
        noted("moved", claim="until then a cell is lost", measure=LOST_BEFORE, at_least=ONE / 4,
              at_most=MOST),
        on("moved", claim="all are well once it is alone", measure=LOST_LATER, at_most=0.05),
    ),
    predict=PREDICTIONS,
    plots=(LOST_PLOT,),
    reading=READING,
)  # fmt: skip
