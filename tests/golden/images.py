"""Golden values of pooling, sampling and batch normalisation, from PyTorch: writes images.safetensors beside this script, in the
form of cases.py. Of a batch norm parameter/ has the buffers too, as they were, and after/ as they are after the call.
"""

import cases
import torch
import torch.nn.functional as F
from torch import nn

draws = cases.Draws(31)
torch.manual_seed(31)
torch.set_default_dtype(torch.float64)
arrays = {}

NAN = draws.real(1, 2, 5, 6)
NAN[0, 1, 2, 3] = float("nan")
POOLS = {
    "max_pool2d": (draws.real(2, 3, 6, 5), {"kernel_size": 2}),
    "max_pool2d_overlap": (draws.real(2, 2, 6, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "max_pool2d_own": (draws.real(1, 2, 9, 8), {"kernel_size": (3, 2), "stride": (1, 3), "padding": (1, 0), "dilation": (2, 1)}),
    "max_pool2d_ceil": (draws.real(1, 2, 5, 8), {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    "max_pool2d_ceil_padding": (draws.real(1, 1, 4, 3), {"kernel_size": (2, 1), "stride": 3, "padding": (1, 0), "ceil_mode": True}),
    "max_pool2d_ties": (draws.ties(2, 2, 6, 6), {"kernel_size": 3, "stride": 1}),
    "max_pool2d_nan": (NAN, {"kernel_size": 2}),
}
for name, (x, options) in POOLS.items():
    cases.record_op(arrays, name, [x], lambda x: F.max_pool2d(x, **options), draws.real)
    if name.endswith("nan"):  # no tolerance compares them
        arrays[f"{name}/y"] = arrays[f"{name}/y"].detach().nan_to_num(7)


def batch_norm(case, module, shape, training=True):
    for tensor in (*module.parameters(), *(b for b in module.buffers() if b.is_floating_point())):
        nn.init.uniform_(tensor, 0.5, 2)
    module.train(training)
    for name, buffer in module.named_buffers():
        arrays[f"{case}/parameter/{name}"] = buffer.clone()
    cases.record_layer(arrays, case, module, {"x": draws.real(*shape)}, lambda x: {"y": module(x)})
    for name, buffer in module.named_buffers():
        arrays[f"{case}/after/{name}"] = buffer.clone()


batch_norm("batch_norm1d", nn.BatchNorm1d(4), (5, 4))
batch_norm("batch_norm1d_sequence", nn.BatchNorm1d(3, eps=1e-2, momentum=0.3), (2, 3, 5))
batch_norm("batch_norm2d", nn.BatchNorm2d(3), (2, 3, 4, 5))
batch_norm("batch_norm2d_eval", nn.BatchNorm2d(3), (2, 3, 4, 5), training=False)
batch_norm("batch_norm2d_mean", nn.BatchNorm2d(2, momentum=None), (3, 2, 2, 2))
batch_norm("batch_norm2d_plain", nn.BatchNorm2d(2, affine=False), (3, 2, 2, 3))
batch_norm("batch_norm2d_untracked", nn.BatchNorm2d(2, track_running_stats=False), (3, 2, 2, 3), training=False)

for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (False, True):
            name = f"grid_sample_{mode}_{padding}" + ("_corners" if corners else "")
            x, grid = draws.real(2, 3, 5, 6), 1.7 * draws.real(2, 4, 3, 2)
            cases.record_op(arrays, name, [x, grid], lambda x, grid: F.grid_sample(
                x, grid, mode=mode, padding_mode=padding, align_corners=corners), draws.real)
for corners in (False, True):
    cases.record_op(arrays, "affine_grid" + ("_corners" if corners else ""), [draws.real(2, 2, 3)],
                    lambda theta: F.affine_grid(theta, (2, 3, 4, 5), align_corners=corners), draws.real)

AVERAGES = {
    "avg_pool2d": {"kernel_size": 2},
    "avg_pool2d_padding": {"kernel_size": 3, "stride": 2, "padding": 1},
    "avg_pool2d_pixels": {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
    "avg_pool2d_own": {"kernel_size": (3, 2), "stride": (1, 3), "padding": (1, 0)},
    "avg_pool2d_ceil": {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    "avg_pool2d_ceil_pixels": {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
}
for name, options in AVERAGES.items():
    cases.record_op(arrays, name, [draws.real(2, 2, 6, 9)], lambda x: F.avg_pool2d(x, **options), draws.real)
for name, size in {"smaller": (2, 3), "uneven": (4, 5), "larger": (9, 11)}.items():
    cases.record_op(arrays, f"adaptive_avg_pool2d_{name}", [draws.real(2, 2, 6, 7)],
                    lambda x: F.adaptive_avg_pool2d(x, size), draws.real)
    cases.record_op(arrays, f"adaptive_max_pool2d_{name}", [draws.ties(2, 2, 6, 7)],
                    lambda x: F.adaptive_max_pool2d(x, size), draws.real)
    for mode, corners in {"nearest": None, "bilinear": False, "bilinear_corners": True}.items():
        cases.record_op(arrays, f"interpolate_{mode}_{name}", [draws.real(2, 2, 6, 7)],
                        lambda x: F.interpolate(x, size, mode=mode.split("_")[0], align_corners=corners), draws.real)

CONVOLUTIONS = {
    "conv2d_dilation": {"stride": (1, 2), "padding": (2, 1), "dilation": (2, 3)},
    "conv2d_groups": {"stride": 2, "padding": 1, "groups": 2},
    "conv2d_both": {"padding": 2, "dilation": 2, "groups": 2},
}
for name, options in CONVOLUTIONS.items():
    weight = draws.real(6, 4 // options.get("groups", 1), 3, 2)
    cases.record_op(arrays, name, [draws.real(2, 4, 7, 6), weight, draws.real(6)],
                    lambda x, w, b: F.conv2d(x, w, b, **options), draws.real)
TRANSPOSED = {
    "conv_transpose2d": {},
    "conv_transpose2d_stride": {"stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2)},
    "conv_transpose2d_groups": {"stride": 2, "groups": 2},
    "conv_transpose2d_dilation": {"stride": 2, "padding": 1, "dilation": (2, 3), "output_padding": (1, 2), "groups": 2},
}
for name, options in TRANSPOSED.items():
    weight = draws.real(4, 6 // options.get("groups", 1), 3, 2)
    cases.record_op(arrays, name, [draws.real(2, 4, 4, 3), weight, draws.real(6)],
                    lambda x, w, b: F.conv_transpose2d(x, w, b, **options), draws.real)

cases.save_beside(__file__, arrays)
