"""Golden values of spatial transformers, from PyTorch: writes spatial_transformer.safetensors beside this script, in the
form of cases.py.
"""

import cases
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(41)
torch.set_default_dtype(torch.float64)
arrays = {}


class SpatialTransformer(nn.Module):
    """A convolution and a linear layer find an affine transformation, or the attention of its three parameters."""

    def __init__(self, size, corners, attention):
        super().__init__()
        self.size, self.corners, self.attention = size, corners, attention
        self.localisation = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(3 * 4 * 5, 4), nn.Tanh())
        self.output = nn.Linear(4, 3 if attention else 6)
        with torch.no_grad():  # near the identity, not on it
            self.output.bias += torch.tensor([1.0, 0, 0] if attention else [1.0, 0, 0, 0, 1, 0])

    def forward(self, image):
        theta = self.output(self.localisation(image))
        if self.attention:
            s, x, y = theta.unbind(1)
            none = torch.zeros_like(s)
            theta = torch.stack([s, none, x, none, s, y], 1)
        grid = F.affine_grid(theta.view(-1, 2, 3), (*image.shape[:2], *self.size), align_corners=self.corners)
        return {"y": F.grid_sample(image, grid, align_corners=self.corners)}


for name, size, corners, attention in (("affine", (6, 7), False, False), ("affine_corners", (4, 3), True, False),
                                       ("attention", (5, 5), False, True)):
    module = SpatialTransformer(size, corners, attention)
    cases.record_layer(arrays, name, module, {"image": torch.randn(2, 2, 6, 7)}, module)

cases.save_beside(__file__, arrays)
