"""Teaching demos: one page each, for a lecture or at home. ``toybox demo`` opens them."""

from .dial import DIAL
from .parabolas import PARABOLAS
from .ratio import RATIO
from .valley import VALLEY

DEMOS = {demo.name: demo for demo in (DIAL, PARABOLAS, RATIO, VALLEY)}
