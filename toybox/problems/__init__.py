"""Problems small enough to understand completely: noisy quadratics, factorization, RBF kernels, small networks."""

from .factorization import Factorization
from .function import FromFunction
from .kernel import KernelClassifier
from .network import Network
from .quadratic import NoisyQuadratic

__all__ = ["Factorization", "FromFunction", "KernelClassifier", "Network", "NoisyQuadratic"]
