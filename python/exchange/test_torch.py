"""Files and tensors between fovea and PyTorch, both ways. Needs torch and safetensors: ./dev test --full installs them."""
import fovea
import pytest
import torch
from safetensors.torch import load_file

import from_torch
import to_torch
from twin import TransformerModel


@pytest.mark.parametrize("name", from_torch.pairs)
def test_torch_to_fovea(name, tmp_path):
    assert from_torch.difference(name, *from_torch.pairs[name], tmp_path) < 1e-5


@pytest.mark.parametrize("name", from_torch.pairs)
@torch.no_grad()
def test_fovea_to_torch(name, tmp_path):
    theirs, ours = from_torch.pairs[name]
    ours.save(tmp_path / "ours.safetensors")
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"))
    theirs.eval(), ours.eval()
    x = from_torch.inputs(name)
    got = from_torch.first(ours(*map(fovea.from_dlpack, x)))
    torch.testing.assert_close(torch.from_dlpack(got.detach()), from_torch.first(theirs(*x)), rtol=0, atol=1e-5)


def test_a_run_answers_in_torch_as_it_did(tmp_path):
    model = fovea.TransformerModel(6, embed_dim=8, heads=4, feed_forward=32, layers=2, dropout=0.0, norm_first=True)
    model.save(tmp_path / "best.safetensors")
    (tmp_path / "config.toml").write_text('example = "reverse"\nmodel = "transformer"\nhidden = 8\nletters = 4\nlayers = 2\n')
    twin, letters = to_torch.trained(tmp_path)
    source = torch.tensor([[0, 1, 2, 3, 0]])
    ids, model = [letters], model.eval()
    while len(ids) <= 6:
        logits = model(fovea.from_dlpack(source), fovea.tensor([ids])).logits
        following = int(logits[0, -1].argmax(-1).item())
        if following == letters + 1:
            break
        ids.append(following)
    assert to_torch.answer(twin, source, letters, letters + 1) == ids[1:]


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    twin = TransformerModel(11, **from_torch.sizes | {"embed_dim": 32})
    from_torch.save_file({k: v.contiguous() for k, v in twin.state_dict().items()}, tmp_path / "wide.safetensors")
    ours = from_torch.pairs["TransformerModel"][1]
    before = {name: x.numpy().copy() for name, x in ours.state().items()}
    with pytest.raises(fovea.FileError, match="source_embedding"):
        ours.load_safetensors(tmp_path / "wide.safetensors")
    assert all((x.numpy() == before[name]).all() for name, x in ours.state().items())


def test_gradients_of_the_twin_are_ours():
    theirs, ours = from_torch.pairs["TransformerModel"]
    ours.load_state({name: fovea.from_dlpack(x.detach()) for name, x in theirs.state_dict().items()})
    theirs.eval(), ours.eval()
    theirs.zero_grad(), ours.zero_grad()
    source, input_ids = from_torch.inputs("TransformerModel")
    theirs(source, input_ids).square().mean().backward()
    (ours(fovea.from_dlpack(source), fovea.from_dlpack(input_ids)).logits ** 2).mean().backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters().items():
        torch.testing.assert_close(torch.from_dlpack(parameter.grad), expected[name].grad, rtol=1e-4, atol=1e-6)


def test_memory_is_shared():
    x = torch.zeros(2, 3)
    y = fovea.from_dlpack(x)
    x[0, 1] = 5
    assert y[0, 1].item() == 5
    torch.from_dlpack(y)[1, 2] = 7
    assert x[1, 2] == 7
