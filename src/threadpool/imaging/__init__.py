"""Kernels over images: what Pillow does to pixels, on every core; and folders of pictures made into thumbnails."""

from .kernels import box_blur, flip, gaussian_blur, gray, histogram, resize, rotate90, to_chw
from .thumbnails import thumbnails

__all__ = ["box_blur", "flip", "gaussian_blur", "gray", "histogram", "resize", "rotate90", "thumbnails", "to_chw"]
