"""A run of fovea's in PyTorch: best.safetensors of `reverse --model transformer` becomes modules of torch.nn.

    ./dev run reverse --model transformer --out runs/reversal
    python python/exchange/to_torch.py runs/reversal --reverse attention

Needs torch and safetensors (pip), and not fovea.
"""
import argparse
import pathlib
import tomllib

import torch
from safetensors.torch import load_file

from twin import TransformerModel


def trained(run):
    """The model of a run folder, and the number of its letters."""
    config = tomllib.loads((run / "config.toml").read_text())
    if config.get("example") != "reverse" or config["model"] != "transformer":
        raise SystemExit(f"{run} is no run of reverse --model transformer")
    D, letters = config["hidden"], config["letters"]
    model = TransformerModel(letters + 2, embed_dim=D, heads=4, feed_forward=4 * D, layers=config["layers"],
                             dropout=0, norm_first=True)
    model.load_state_dict(load_file(run / "best.safetensors"))  # strict: every name and shape agrees
    return model.eval(), letters


@torch.no_grad()
def answer(model, source, begin, end):
    """Greedy, ids [1, T] -> a list of ids."""
    ids = [begin]
    while len(ids) <= source.size(1) + 1:
        following = model(source, torch.tensor([ids]))[0, -1].argmax().item()
        if following == end:
            break
        ids.append(following)
    return ids[1:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--reverse", default="attention", metavar="LETTERS")
    o = parser.parse_args()
    model, letters = trained(o.run)
    source = torch.tensor([[ord(letter) - ord("a") for letter in o.reverse]])
    print("".join(chr(ord("a") + i) for i in answer(model, source, begin=letters, end=letters + 1)))
