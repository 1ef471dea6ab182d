"""Networks, augmentation, the training loop and the export to LiteRT.

The only part of the project that imports TensorFlow and Keras. Nobody imports it at module level:
a worker process and the command line's ``train`` reach for it when they train.
"""
