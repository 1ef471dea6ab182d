"""Networks, augmentation, the training loop and the export to LiteRT.

The only part of the project that imports TensorFlow and Keras. Nobody imports it at module level:
a worker process and the command line's ``train`` reach for it when they train.
"""

import os

# Off by default on processors without AVX-512, where it is half as fast again for convolutions.
# TensorFlow looks at it once, when it is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
