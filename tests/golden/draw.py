"""Golden values of DRAW: writes draw.safetensors beside this script, in the form of cases.py. Gregor et al. 2015, arXiv
1502.04623, letter by letter: pixels and Gaussians are counted from 1, each filter is one line of arithmetic. The latents
have next to no deviation, so that no noise is seen."""

import cases
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(29)
torch.set_default_dtype(torch.float64)
arrays = {}
HEIGHT, WIDTH, STEPS, HIDDEN, LATENT, READ, WRITE = 4, 6, 3, 3, 2, 2, 3


class Window(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size, self.numbers = size, nn.Linear(HIDDEN, 5)

    def forward(self, h):
        """F_Y, F_X and gamma of one image."""
        g_x, g_y, log_variance, log_stride, log_gamma = self.numbers(h)
        stride = (max(HEIGHT, WIDTH) - 1) / (self.size - 1) * torch.exp(log_stride)

        def filters(g, length):
            rows = []
            for i in range(1, self.size + 1):
                mu = (length + 1) / 2 * (g + 1) + (i - self.size / 2 - 0.5) * stride
                row = torch.stack([torch.exp(-(a - mu) ** 2 / (2 * torch.exp(log_variance))) for a in range(1, length + 1)])
                rows.append(row / (row.sum() + 1e-8))
            return torch.stack(rows)

        return filters(g_y, HEIGHT), filters(g_x, WIDTH), torch.exp(log_gamma)


class Draw(nn.Module):
    def __init__(self, attention):
        super().__init__()
        pixels = HEIGHT * WIDTH
        self.canvas = nn.Parameter(torch.randn(HEIGHT, WIDTH))
        self.encoder = nn.LSTMCell((2 * READ ** 2 if attention else 2 * pixels) + HIDDEN, HIDDEN)
        self.decoder = nn.LSTMCell(LATENT, HIDDEN)
        self.latent = nn.Linear(HIDDEN, 2 * LATENT)
        self.patch = nn.Linear(HIDDEN, WRITE ** 2 if attention else pixels)
        self.reader, self.writer = (Window(READ), Window(WRITE)) if attention else (None, None)
        with torch.no_grad():
            self.latent.bias[LATENT:] = -40

    def read(self, x, error, h):
        if self.reader is None:
            return torch.cat([x.flatten(), error.flatten()])
        f_y, f_x, gamma = self.reader(h)
        return gamma * torch.cat([(f_y @ x @ f_x.T).flatten(), (f_y @ error @ f_x.T).flatten()])

    def write(self, h):
        if self.writer is None:
            return self.patch(h).view(HEIGHT, WIDTH)
        f_y, f_x, gamma = self.writer(h)
        return f_y.T @ self.patch(h).view(WRITE, WRITE) @ f_x / gamma

    def forward(self, x):
        found = []
        for image in x:
            canvas, latent_loss = self.canvas, 0
            encoder = decoder = (torch.zeros(HIDDEN), torch.zeros(HIDDEN))
            for _ in range(STEPS):
                r = self.read(image, image - torch.sigmoid(canvas), decoder[0])
                encoder = self.encoder(torch.cat([r, decoder[0]]), encoder)
                mu, log_sigma = self.latent(encoder[0]).chunk(2)
                latent_loss = latent_loss + 0.5 * (mu ** 2 + torch.exp(2 * log_sigma) - 2 * log_sigma).sum() - LATENT / 2
                decoder = self.decoder(mu, decoder)
                canvas = canvas + self.write(decoder[0])
            found.append((canvas, F.binary_cross_entropy_with_logits(canvas, image, reduction="sum"), latent_loss))
        canvas, reconstruction, latent = (torch.stack(part) for part in zip(*found))
        return {"canvas": canvas, "reconstruction": reconstruction, "latent": latent}


for attention in (True, False):
    module = Draw(attention)
    cases.record_layer(arrays, "attention" if attention else "plain", module, {"x": torch.rand(2, HEIGHT, WIDTH)}, module)

cases.save_beside(__file__, arrays)
