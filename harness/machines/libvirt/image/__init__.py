"""The image store and the builders of images."""
