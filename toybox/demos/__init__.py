"""Teaching demos: one page each, for a lecture or at home. ``toybox demo`` opens them."""

from .accepted import ACCEPTED
from .belief import BELIEF
from .dial import DIAL
from .growing import GROWING
from .parabolas import PARABOLAS
from .ratio import RATIO
from .valley import VALLEY
from .whose import WHOSE

DEMOS = {demo.name: demo for demo in (ACCEPTED, DIAL, PARABOLAS, WHOSE, GROWING, RATIO, BELIEF, VALLEY)}
