"""The kernels, one for each operation."""

from ._blur import BoxBlur, GaussianBlur
from ._chw import ToChw
from ._histogram import Histogram
from ._pixels import Flip, Gray, Rotate90
from ._resize import Resize

resize = Resize()
gray = Gray()
box_blur = BoxBlur()
gaussian_blur = GaussianBlur()
flip = Flip()
rotate90 = Rotate90()
histogram = Histogram()
to_chw = ToChw()

KERNELS = (resize, gray, box_blur, gaussian_blur, flip, rotate90, histogram, to_chw)
