"""Golden values of HART and the losses of boxes: writes hart.safetensors beside this script, in the form of cases.py.
Kosiorek et al. 2017, arXiv 1706.09262, row by row: boxes by their corners, a convolution for each row's own filters."""

import cases
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(31)
torch.set_default_dtype(torch.float64)
arrays = {}
CHANNELS, CROP, FEATURES, FILTERS, HIDDEN, CONTEXT = 2, 6, 3, 2, 5, 1.5
CELLS = CROP // 2


def corners(box):
    y, x, h, w = box.unbind(-1)
    return y - h / 2, x - w / 2, y + h / 2, x + w / 2


def share(low, high, first, last):
    """How much of low..high lies in first..last."""
    return torch.relu(torch.minimum(high, last) - torch.maximum(low, first))


def iou(a, b):
    (top, left, bottom, right), (up, west, down, east) = corners(a), corners(b)
    both = share(top, bottom, up, down) * share(left, right, west, east)
    return both / (a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - both), both / (b[..., 2] * b[..., 3])


def mask(window, box):
    (top, left, bottom, right), (up, west, down, east) = corners(window), corners(box)
    rows = []
    for i in range(CELLS):
        for j in range(CELLS):
            h, w = (bottom - top) / CELLS, (right - left) / CELLS
            y, x = top + i * h, left + j * w
            rows.append(share(y, y + h, up, down) * share(x, x + w, west, east) / (h * w))
    return torch.stack(rows, -1).reshape(*window.shape[:-1], CELLS, CELLS)


def move(box, delta):
    y, x, h, w = box.unbind(-1)
    return torch.stack((y + h * delta[0], x + w * delta[1], h * torch.exp(delta[2]), w * torch.exp(delta[3])))


class Hart(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Conv2d(CHANNELS, FEATURES, 3, padding=1)
        self.ventral = nn.Conv2d(FEATURES, FEATURES, 3, padding=1)
        self.filters = nn.Linear(HIDDEN, FILTERS * FEATURES * 9)
        self.readout = nn.Conv2d(FILTERS, 1, 1)
        self.what = nn.Linear(FEATURES * CELLS * CELLS, HIDDEN)
        self.core = nn.LSTMCell(HIDDEN, HIDDEN)
        self.inner = nn.Linear(HIDDEN + CELLS * CELLS, HIDDEN)
        self.outer = nn.Linear(HIDDEN, 8)
        self.gain = nn.Parameter(torch.rand(8))

    def side(self, centre, size, pixels):
        """Filters along one side: CROP Gaussians in the middles of equal parts of the window."""
        distance = size / CROP
        deviation = torch.clamp(distance, min=1) / 2
        rows = []
        for r in range(CROP):
            middle = centre - size / 2 + (r + 0.5) * distance
            row = torch.exp(-((torch.arange(pixels) + 0.5 - middle) ** 2) / (2 * deviation**2))
            rows.append(row / (row.sum() + 1e-8))
        return torch.stack(rows)

    def keep_inside(self, window, height, width):
        y, x, h, w = window
        return torch.stack((y.clamp(0, height), x.clamp(0, width), h.clamp(1, 2 * height), w.clamp(1, 2 * width)))

    def forward(self, frames, box, truth):
        found = {"boxes": [], "windows": [], "masks": []}
        for b in range(frames.size(0)):
            height, width = frames.shape[-2:]
            window = self.keep_inside(box[b] * torch.tensor([1, 1, CONTEXT, CONTEXT]), height, width)
            h = c = torch.zeros(1, HIDDEN)
            rows = {key: [] for key in found}
            for frame in frames[b]:
                y, x = self.side(window[0], window[2], height), self.side(window[1], window[3], width)
                crop = torch.stack([y @ channel @ x.T for channel in frame])
                f = F.max_pool2d(torch.relu(self.shared(crop[None])), 2)
                own = self.filters(h).reshape(FILTERS, FEATURES, 3, 3)
                logits = self.readout(torch.relu(F.conv2d(f, own, padding=1)))
                s = torch.sigmoid(logits)
                v = torch.relu(self.what((torch.relu(self.ventral(f)) * s).reshape(1, -1)))
                h, c = self.core(v, (h, c))
                delta = self.outer(torch.relu(self.inner(torch.cat((h, s.reshape(1, -1)), 1))))[0]
                delta = torch.tanh(self.gain) * torch.tanh(delta)
                rows["boxes"].append(move(window * torch.tensor([1, 1, 1 / CONTEXT, 1 / CONTEXT]), delta[4:]))
                rows["windows"].append(window)
                rows["masks"].append(logits[0, 0])
                window = self.keep_inside(move(window, delta[:4]), height, width)
            for key in found:
                found[key].append(torch.stack(rows[key]))
        found = {key: torch.stack(rows) for key, rows in found.items()}
        image = torch.tensor([height / 2, width / 2, height, width])
        found["iou_loss"] = -torch.log(iou(found["boxes"], truth)[0]).mean()
        seen, whole = iou(found["windows"], truth)[1], iou(found["windows"], image)[0]
        found["window_loss"] = (-torch.log(seen) - torch.log(1 - whole)).mean()
        found["mask"] = mask(found["windows"], truth)
        return found


module = Hart()
box = torch.tensor([[5.0, 6.0, 4.0, 3.5], [4.5, 4.0, 5.0, 4.2]])
truth = box[:, None] + torch.rand(2, 3, 4)
inputs = {"frames": torch.rand(2, 3, CHANNELS, 11, 12), "box": box, "truth": truth}
cases.record_layer(arrays, "hart", module, inputs, module)
cases.save_beside(__file__, arrays)
