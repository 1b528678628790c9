"""See, steer and trust a PyTorch training without leaving the notebook"""
# The names stand in __init__.pyi, for editors as for us: each is imported when it is first used, because importing
# trainbook must cost nothing and touch no GPU.
from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("trainbook")
