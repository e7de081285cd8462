"""Optimisers, schedules, clipping, averages, files, what notebooks show."""
import math

import fovea
import numpy as np
import pytest
from conftest import same

RULES = {
    "SGD": dict(lr=0.1), "SGD momentum": dict(lr=0.02, momentum=0.9, nesterov=True), "Adam": dict(lr=0.2),
    "AdamW": dict(lr=0.2, weight_decay=0.0), "RMSprop": dict(lr=0.05), "RMSprop centered": dict(lr=0.02, centered=True, momentum=0.5),
    "GravesRMSprop": dict(lr=0.02),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_reach_the_minimum(rule):
    x = fovea.tensor([3.0, -2.0], requires_grad=True)
    optimizer = getattr(fovea, rule.split()[0])([x], **RULES[rule])
    for _ in range(300):
        optimizer.zero_grad()
        ((x - 1) ** 2).sum().backward()
        optimizer.step()
    assert (x - 1).abs().max().item() < 0.1


def test_adam_is_adam():
    a = np.array([1.0, -2.0, 0.5])
    x = fovea.tensor(a, requires_grad=True)
    optimizer, m, v = fovea.Adam([x], lr=0.1, beta1=0.8, beta2=0.9, eps=1e-6), np.zeros(3), np.zeros(3)
    for t in range(1, 6):
        optimizer.zero_grad()
        (x * x * x).sum().backward()
        g = 3 * a * a
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        a = a - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-6)
        optimizer.step()
        same(x, a, rtol=1e-10)


def test_groups_and_options():
    x, y = (fovea.ones((1,), requires_grad=True) for _ in range(2))
    optimizer = fovea.SGD([{"parameters": [x], "lr": 1.0}, {"parameters": [y]}], lr=0.5)
    (x + y).sum().backward()
    optimizer.step()
    assert x.item() == 0 and y.item() == 0.5 and optimizer.group_count() == 2
    optimizer.lr = 0.25
    assert optimizer.get_lr(1) == 0.25
    with pytest.raises(TypeError, match="no option is called rate"):
        fovea.SGD([x], rate=1)
    with pytest.raises(fovea.ValueError):
        fovea.SGD([x], lr=-1)
    with pytest.raises(fovea.Error):
        fovea.SGD([])


@pytest.mark.parametrize("name, options, rate", [
    ("StepDecay", dict(every=3, gamma=0.5), lambda t: 0.5 ** (t // 3)),
    ("ExponentialDecay", dict(gamma=0.9), lambda t: 0.9**t),
    ("Cosine", dict(total=10, lr_min=0.1), lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 10)) / 2)])
def test_schedules(name, options, rate):
    optimizer = fovea.SGD([fovea.ones((1,), requires_grad=True)], lr=1.0)
    schedule = getattr(fovea, name)(optimizer, **options)
    for t in range(10):
        assert optimizer.lr == pytest.approx(rate(t)), t
        schedule.step()
    assert schedule.steps == 10


def test_other_schedules():
    x = fovea.ones((1,), requires_grad=True)
    optimizer = fovea.SGD([x], lr=1.0)
    plateau = fovea.Plateau(optimizer, factor=0.5, patience=1)
    assert [plateau.step(v) for v in (1.0, 1.0, 1.0, 0.5)].count(True) == 1 and optimizer.lr == 0.5
    warm = fovea.SGD([x], lr=1.0)
    schedule = fovea.LinearWarmup(warm, warmup=4)
    rates = []
    for _ in range(6):
        rates.append(warm.lr)
        schedule.step()
    assert rates == sorted(rates) and rates[-1] == 1
    noam = fovea.SGD([x], lr=1.0)
    fovea.Noam(noam, model_size=64, warmup=10)
    assert 0 < noam.lr < 1


def test_clipping():
    x = fovea.tensor([3.0, 4.0], requires_grad=True)
    (x * x / 2).sum().backward()
    assert fovea.clip_grad_norm_([x], 1.0) == pytest.approx(5)
    same(x.grad, [0.6, 0.8], rtol=1e-5)
    fovea.clip_grad_value_([x], 0.7)
    same(x.grad, [0.6, 0.7], rtol=1e-5)


def test_weight_average():
    net = fovea.Linear(2, 2)
    average = net.clone()
    mean = fovea.WeightAverage(net, average, 0.5)
    with fovea.no_grad():
        net.weight.fill_(1)
    mean.update()
    assert 0 < (average.weight - 1).abs().max().item() < 1.5 or fovea.allclose(average.weight, net.weight)


def test_training_state_resumes(tmp_path):
    def parts(seed):
        fovea.manual_seed(seed)
        net = fovea.Linear(3, 1)
        optimizer = fovea.Adam(net, lr=0.1)
        schedule, generator = fovea.ExponentialDecay(optimizer, gamma=0.99), fovea.Generator(4)
        state = fovea.TrainingState()
        for name, part in (("net", net), ("optimizer", optimizer), ("schedule", schedule), ("data", generator)):
            state.add(name, part)
        return net, optimizer, schedule, generator, state

    def train(net, optimizer, schedule, generator, steps):
        for _ in range(steps):
            x = fovea.randn((8, 3), generator=generator)
            optimizer.zero_grad()
            fovea.mse_loss(net(x), x.sum(1, True)).backward()
            optimizer.step()
            schedule.step()

    path = str(tmp_path / "run.safetensors")
    *first, state = parts(1)
    train(*first, 5)
    state.notes = {"why": "a test"}
    state.save(path)
    train(*first, 5)
    *second, state = parts(2)
    state.load(path)
    assert state.notes["why"] == "a test"
    train(*second, 5)
    assert fovea.equal(first[0].weight, second[0].weight) and first[1].lr == second[1].lr


def test_optimizer_state_moves():
    x = fovea.ones((2,), requires_grad=True)
    a = fovea.Adam([x], lr=0.1)
    x.sum().backward()
    a.step()
    b = fovea.Adam([x], lr=0.5)
    b.load_state(a.state())
    assert b.lr == 0.1


def test_files(tmp_path):
    path, tensors = str(tmp_path / "x.safetensors"), {"a": fovea.randn((2, 3)), "b.c": fovea.arange(4)}
    fovea.save_safetensors(path, tensors, {"made": "here"})
    loaded = fovea.load_safetensors(path)
    assert list(loaded) == ["a", "b.c"] and fovea.equal(loaded["a"], tensors["a"])
    assert fovea.load_metadata(path)["made"] == "here"
    fovea.save_checkpoint(path, tensors)
    assert fovea.equal(fovea.load_checkpoint(path)["b.c"], tensors["b.c"])
    with open(path, "r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(fovea.FileError):
        fovea.load_checkpoint(path)
    npy = str(tmp_path / "x.npy")
    np.save(npy, np.arange(6.0).reshape(2, 3))
    same(fovea.load_npy(npy), np.arange(6.0).reshape(2, 3))
    fovea.save_npy(npy, tensors["a"])
    same(tensors["a"], np.load(npy))


@pytest.mark.parametrize("floats, wanted", [("f16", [0.0999755859375, 3.0]), ("bf16", [0.10009765625, 3.0])])
def test_files_of_half_the_bytes(tmp_path, floats, wanted):
    path = tmp_path / "half.safetensors"
    fovea.save_safetensors(path, {"x": fovea.tensor([0.1, 3.0]), "ids": fovea.arange(2)}, floats=floats)
    loaded = fovea.load_safetensors(path)
    assert loaded["x"].dtype == fovea.f32 and loaded["x"].tolist() == wanted and loaded["ids"].tolist() == [0, 1]
    with pytest.raises(ValueError, match="need as_is, f16 or bf16"):
        fovea.save_safetensors(path, {}, floats="f8")


def test_files_of_numpys_safetensors_layout(tmp_path):
    """A file that no program of ours wrote: eight bytes of length, a header, the elements."""
    header = b'{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}'
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.arange(4, dtype="f4").tobytes())
    assert fovea.load_safetensors(str(path))["w"].tolist() == [[0, 1], [2, 3]]


def test_report(tmp_path):
    with pytest.raises(fovea.FileError):
        fovea.report(str(tmp_path))
    (tmp_path / "report.html").write_text('<p class="a">loss & "more"</p>')
    html = fovea.report(str(tmp_path))._repr_html_()
    assert html.startswith("<iframe srcdoc=") and "&lt;p class=&quot;a&quot;&gt;" in html and '"more"' not in html


def test_the_type_file_lists_the_extension():
    import ast
    import os

    path = os.path.join(os.path.dirname(fovea._fovea.__file__), "_fovea.pyi")
    with open(path) as file:
        tree = ast.parse(file.read())
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    public = {name for name in dir(fovea._fovea) if callable(getattr(fovea._fovea, name)) and not name.startswith("__")}
    assert public - names == set()


def test_find_learning_rate():
    net, x = fovea.Linear(3, 1), fovea.randn((32, 3))
    before = net.weight.tolist()
    adam = fovea.Adam(net, lr=0.5)
    found = fovea.find_learning_rate(net, adam, lambda: fovea.mse_loss(net(x), x.sum(1, True)), high=10, steps=60)
    assert 1e-4 < found.suggested < 1 and len(found.trials) <= 60
    rates = [rate for rate, _, _ in found.trials]
    assert rates == sorted(rates) and rates[0] == pytest.approx(1e-6)
    assert net.weight.tolist() == before and adam.lr == 0.5
    with pytest.raises(ZeroDivisionError):
        fovea.find_learning_rate(net, adam, lambda: 1 / 0)
    with pytest.raises(ValueError):
        fovea.find_learning_rate(net, adam, lambda: fovea.mse_loss(net(x), x.sum(1, True)), steps=0)


def test_caption_loss_is_the_cross_entropy_of_words_and_more():
    model = fovea.Captioner(11, 4, 5, 6)
    y = model(fovea.randn((2, 3, 4)), fovea.tensor([[0, 1, 2], [0, 3, 4]]))
    target, baseline = fovea.tensor([[1, 2, 3], [3, 4, -100]]), fovea.MovingBaseline()
    plain = fovea.caption_loss(y, target, baseline)
    expected = fovea.cross_entropy(y.logits, target)
    assert plain.item() == pytest.approx(expected.item(), rel=1e-5)
    assert fovea.caption_loss(y, target, baseline, doubly=1).item() > plain.item()
    with pytest.raises(ValueError, match="no word"):
        fovea.caption_loss(y, fovea.full((2, 3), -100, fovea.i64), baseline)


def test_boxes_that_cover_windows():
    window, box = fovea.tensor([[4.0, 4, 8, 8]]), fovea.tensor([[2.0, 4, 4, 8]])  # centre and size: y, x, height, width
    assert fovea.box_mask(window, box, 2, 2).tolist() == [[[1, 1], [0, 0]]]
    assert fovea.window_loss(window, box, 16, 16).item() < fovea.window_loss(window + 20, box, 16, 16).item()


def test_trainer(tmp_path):
    net, x = fovea.Linear(3, 1), fovea.randn((32, 3))
    optimizer = fovea.Adam(net, lr=0.05)
    folder = str(tmp_path / "run")
    trainer = fovea.Trainer(net, optimizer, steps=120, clip=1.0, figures=["twice"], validate_every=40, folder=folder)
    trainer.schedule(fovea.Cosine(optimizer, total=120))
    losses = []

    def step():
        loss = fovea.mse_loss(net(x), x.sum(1, True))
        losses.append(loss.item())
        return loss, [2 * losses[-1]]

    def score():
        with fovea.no_grad():
            return fovea.mse_loss(net(x), x.sum(1, True)).item()

    assert trainer.run(step, score) == "steps" and trainer.step == 120 and losses[-1] < 0.1 * losses[0]
    assert (tmp_path / "run" / "metrics.csv").read_text().startswith("step")
    assert (tmp_path / "run" / "best.safetensors").exists()


def test_trainer_passes_errors_and_interrupts_on():
    import os
    import signal

    net = fovea.Linear(2, 1)

    def interrupted():
        os.kill(os.getpid(), signal.SIGINT)
        return net(fovea.ones((1, 2))).sum()

    with pytest.raises(KeyboardInterrupt):
        fovea.Trainer(net, fovea.SGD(net), steps=10).run(interrupted)
    with pytest.raises(ZeroDivisionError):
        fovea.Trainer(net, fovea.SGD(net), steps=10).run(lambda: 1 / 0)


def test_a_loss_that_is_not_finite_has_its_own_error():
    net = fovea.Linear(2, 1)
    before = net.weight.detach().numpy().copy()
    with pytest.raises(fovea.NonFiniteError, match="step"):
        fovea.Trainer(net, fovea.SGD(net, lr=1.0), steps=3).run(lambda: net(fovea.full((1, 2), float("inf"))).sum())
    assert issubclass(fovea.NonFiniteError, fovea.AutogradError)
    assert (net.weight.detach().numpy() == before).all()
