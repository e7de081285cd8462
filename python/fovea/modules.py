"""Modules that only compose: Sequential, ModuleList, functions as modules."""
from ._fovea import Linear, Module, grid_sample
from .modes import no_grad


class Sequential(Module):
    """Layers one after the other: modules, or functions of one tensor. Named by position: "0.weight", "2.bias".

    net = Sequential(Linear(2, 16), fovea.tanh, Linear(16, 1))
    """

    def __init__(self, *layers):
        super().__init__()
        for i, each in enumerate(layers):
            setattr(self, str(i), each)
        self._length = len(layers)

    def forward(self, x):
        for each in self:
            x = each(x)
        return x

    def __len__(self):
        return self._length

    def __iter__(self):
        return (self.__dict__[str(i)] for i in range(self._length))

    def __getitem__(self, index):
        return self.__dict__[str(range(self._length)[index])]


class ModuleList(Module):
    """A list of modules, whose members are named by position."""

    def __init__(self, modules=()):
        super().__init__()
        self._length = 0
        for each in modules:
            self.append(each)

    def append(self, module):
        setattr(self, str(self._length), module)
        self._length += 1
        return self

    def __len__(self):
        return self._length

    def __iter__(self):
        return (self.__dict__[str(i)] for i in range(self._length))

    def __getitem__(self, index):
        return self.__dict__[str(range(self._length)[index])]


class SpatialTransformer(Module):
    """Jaderberg et al. 2015: a network says how to sample the image; starts at the identity.

    localisation: images to [B, features]; transformation: Affine, AttentionWindow, ThinPlateSpline.
    """

    def __init__(self, localisation, features, transformation):
        super().__init__()
        self.localisation = localisation
        self.output = Linear(features, transformation.size)
        self.transformation = transformation
        with no_grad():
            self.output.weight.fill_(0)
            self.output.bias.copy_(transformation.identity())

    def theta(self, image):
        return self.output(self.localisation(image))

    def forward(self, image):
        return grid_sample(image, self.transformation(self.theta(image)))
