"""Problems small enough to understand completely: noisy quadratics, factorization, RBF-kernel classification."""

from .factorization import Factorization
from .function import FromFunction
from .kernel import KernelClassifier
from .quadratic import NoisyQuadratic

__all__ = ["Factorization", "FromFunction", "KernelClassifier", "NoisyQuadratic"]
