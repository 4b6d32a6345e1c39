"""What would take a reason away, in words."""

FIX = "Fix the candidate and gate the new build."
LAB = (
    "See the cell's evidence and `bvt doctor`, repair the lab, then repeat the cell with `bvt run --resume`."
)
REPEATED = "Repeated here, the cell shows the same."
AGAIN = "Finish the run with `bvt run --resume`."
SELECT_ALL = "Run without --cells."
RELEASE = "Name the release, then run the candidate anew; without one, take its scenarios out of the matrix."
DO_NOT_EDIT = "Run the gate again from the start; a run directory is never edited or merged by hand."
RIGHT_SUBSTRATE = "Run the cell in a pool whose machines are what the plan asks for."
NO_CLAIM = "Run the cell where at least one check of each phase can be carried out."
BLOCKED = "Take the cause away; blocked checks then run."
NOTHING_REQUIRED = "Mark at least one cell of the pool as required in the matrix."
