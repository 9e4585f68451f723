"""Teaching demos: one page each, for a lecture or at home. ``toybox demo`` opens them."""

from .dial import DIAL

DEMOS = {demo.name: demo for demo in (DIAL,)}
