"""PAL: parabolic approximation line search, on quadratics (dissertation, chapter 4 and appendix A).

Everywhere f(x) = c + r'x + x'Qx with the gradient r + 2 Q x.
"""
