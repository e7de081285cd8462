"""Every layer and model keeps the contract of modules; modules written in Python do too."""
import copy
import gc

import fovea
import pytest

R, G = fovea.randn, fovea.Generator
ids = lambda *shape, n=11: fovea.randint(shape, 0, n)  # noqa: E731


def stepped(layer, x):
    return lambda m: m.step(x, m.initial_state(x.shape[0]))[0]


# name: (how it is made, how it is called)
LAYERS = {
    "Linear": (lambda: fovea.Linear(4, 3), lambda m: m(R((2, 4)))),
    "Embedding": (lambda: fovea.Embedding(11, 3, padding_id=0), lambda m: m(ids(2, 5))),
    "LayerNorm": (lambda: fovea.LayerNorm(4), lambda m: m(R((2, 4)))),
    "GroupNorm": (lambda: fovea.GroupNorm(2, 4), lambda m: m(R((2, 4, 3)))),
    "RMSNorm": (lambda: fovea.RMSNorm(4), lambda m: m(R((2, 4)))),
    "BatchNorm1d": (lambda: fovea.BatchNorm1d(4), lambda m: m(R((5, 4)))),
    "BatchNorm2d": (lambda: fovea.BatchNorm2d(4, momentum=None), lambda m: m(R((5, 4, 2, 2)))),
    "ConditionalBatchNorm2d": (lambda: fovea.ConditionalBatchNorm2d(4, 3), lambda m: m(R((5, 4, 2, 2)), ids(5, n=3))),
    "Conv1d": (lambda: fovea.Conv1d(3, 4, 3, causal=True), lambda m: m(R((2, 3, 6)))),
    "Conv2d": (lambda: fovea.Conv2d(3, 4, (3, 2), padding=1), lambda m: m(R((2, 3, 6, 6)))),
    "ConvTranspose2d": (lambda: fovea.ConvTranspose2d(3, 4, 3, stride=2), lambda m: m(R((2, 3, 4, 4)))),
    "SpectralNormLinear": (lambda: fovea.SpectralNormLinear(fovea.Linear(4, 3)).eval(), lambda m: m(R((2, 4)))),
    "SpectralNormConv2d": (lambda: fovea.SpectralNormConv2d(fovea.Conv2d(3, 2, 3)).eval(), lambda m: m(R((2, 3, 4, 4)))),
    "Cell": (lambda: fovea.Cell("gru", 4, 3), lambda m: m(R((2, 4)))[0]),
    "RNN": (lambda: fovea.RNN(4, 3, relu=True), lambda m: m(R((2, 5, 4)))[0]),
    "LSTM": (lambda: fovea.LSTM(4, 3, layers=2, bidirectional=True), lambda m: m(R((2, 5, 4)), lengths=fovea.tensor([5, 2]))[0]),
    "GRU": (lambda: fovea.GRU(4, 3), lambda m: m(R((2, 5, 4)), fovea.State(R((1, 2, 3))))[0]),
    "Recurrent": (lambda: fovea.Recurrent("min-gru" if "min-gru" in fovea.cell_names() else "gru", 4, 3),
                  lambda m: m(R((2, 5, 4)))[0]),
    "NeuralTuringMachine": (lambda: fovea.NeuralTuringMachine(4, 3, hidden_size=6, slots=5, width=4), lambda m: m(R((2, 3, 4)))),
    "DifferentiableNeuralComputer": (lambda: fovea.DifferentiableNeuralComputer(4, 3, hidden_size=6, slots=5, width=4),
                                     lambda m: m(R((2, 3, 4)), answers=1)),
    "StackRnn": (lambda: fovea.StackRnn(4, hidden_size=5, stacks=2, capacity=9), lambda m: m(R((2, 3, 4)))[0]),
    "Lstmn": (lambda: fovea.Lstmn(4, 3), lambda m: m(R((2, 3, 4)))[0]),
    "MemN2N": (lambda: fovea.MemN2N(11, embed_dim=4, hops=2, memory_size=6), lambda m: m(ids(2, 4, 3), ids(2, 3))),
    "BahdanauAttention": (lambda: fovea.BahdanauAttention(4, 4, 5), lambda m: m(R((2, 3, 4)), R((2, 5, 4)))[0]),
    "PointerAttention": (lambda: fovea.PointerAttention(4, 4, 5), lambda m: m(R((2, 3, 4)), R((2, 5, 4)))[1].weights),
    "MultiHeadAttention": (lambda: fovea.MultiHeadAttention(8, 2), lambda m: m(R((2, 3, 8)), causal=True)[0]),
    "MultiHead": (lambda: fovea.MultiHead(8, 2, "additive", "soft"), lambda m: m(R((2, 3, 8)))[0]),
    "FeedForwardAttention": (lambda: fovea.FeedForwardAttention(4), lambda m: m(R((2, 3, 4)))),
    "FeedForwardAttentionNetwork": (lambda: fovea.FeedForwardAttentionNetwork(4, 5), lambda m: m(R((2, 3, 4)))),
    "ImageAttention": (lambda: fovea.ImageAttention(8), lambda m: m(R((2, 8, 3, 3)))),
    "EncoderDecoder": (lambda: fovea.EncoderDecoder(11, embed_dim=4, hidden_size=5), lambda m: m(ids(2, 4), ids(2, 3)).logits),
    "RnnSearch": (lambda: fovea.RnnSearch(11, embed_dim=4, hidden_size=5), lambda m: m(ids(2, 4), ids(2, 3)).logits),
    "LuongModel": (lambda: fovea.LuongModel(11, embed_dim=4, hidden_size=5), lambda m: m(ids(2, 4), ids(2, 3)).logits),
    "TransformerEncoderLayer": (lambda: fovea.TransformerEncoderLayer(8, 2, 16, dropout=0), lambda m: m(R((2, 3, 8)))),
    "TransformerDecoderLayer": (lambda: fovea.TransformerDecoderLayer(8, 2, 16, dropout=0), lambda m: m(R((2, 3, 8)), R((2, 4, 8)))),
    "TransformerEncoder": (lambda: fovea.TransformerEncoder(8, 2, 16, 2, dropout=0), lambda m: m(R((2, 3, 8)))),
    "TransformerDecoder": (lambda: fovea.TransformerDecoder(8, 2, 16, 2, dropout=0), lambda m: m(R((2, 3, 8)), R((2, 4, 8)))),
    "Transformer": (lambda: fovea.Transformer(8, 2, 16, 1, dropout=0), lambda m: m(R((2, 3, 8)), R((2, 4, 8)))),
    "TransformerModel": (lambda: fovea.TransformerModel(11, embed_dim=8, heads=2, feed_forward=16, layers=1, dropout=0),
                         lambda m: m(ids(2, 4), ids(2, 3)).logits),
    "TransformerLanguageModel": (lambda: fovea.TransformerLanguageModel(11, 8, 2, 16, 1, dropout=0), lambda m: m(ids(2, 4))),
    "PointerNetwork": (lambda: fovea.PointerNetwork(2, 6), lambda m: m(R((2, 4, 2)), fovea.tensor([[0, 1, 2, 3], [3, 2, 1, 0]])).exp()),
    "ReadProcessWrite": (lambda: fovea.ReadProcessWrite(2, 6, process_steps=2),
                         lambda m: m(R((2, 4, 2)), fovea.tensor([[0, 1, 2, 3], [3, 2, 1, 0]])).exp()),
    "AttentiveReader": (lambda: fovea.AttentiveReader(11, 3, 4, 5), lambda m: m(ids(2, 6, n=3), ids(2, 3)).exp()),
    "ImpatientReader": (lambda: fovea.ImpatientReader(11, 3, 4, 5), lambda m: m(ids(2, 6, n=3), ids(2, 3)).exp()),
    "UniformReader": (lambda: fovea.UniformReader(11, 3, 4, 5), lambda m: m(ids(2, 6, n=3), ids(2, 3)).exp()),
    "Snail": (lambda: fovea.Snail(4, 3, 6, [5, (4, 4)]), lambda m: m(R((2, 6, 4)))),
    "GlimpseNetwork": (lambda: fovea.GlimpseNetwork(4, 2, hidden_size=5, output_size=6), lambda m: m(R((2, 1, 9, 9)), R((2, 2)))),
    "RecurrentAttentionModel": (lambda: fovea.RecurrentAttentionModel(4, hidden_size=6, glimpses=2, random_locations=True),
                                lambda m: m(R((2, 1, 9, 9))).logits),
    "Draw": (lambda: fovea.Draw(6, 6, 2, hidden_size=5, latent_size=3), lambda m: sum(x.sum() for x in m.loss(fovea.rand((2, 6, 6))))),
    "LearnedMask": (lambda: fovea.LearnedMask(4, 3), lambda m: m(R((2, 4)), R((2, 3)))[0]),
    "FeatureGrid": (lambda: fovea.FeatureGrid(1, [4, 4]), lambda m: m(R((2, 1, 8, 8)))),
    "Captioner": (lambda: fovea.Captioner(11, 4, 5, 6), lambda m: m(R((2, 3, 4)), ids(2, 3)).logits),
    "ProjectionHead": (lambda: fovea.ProjectionHead(4, 3), lambda m: m(R((2, 4)), ids(2, n=3))),
}


def run(name, module):
    """The call on the same inputs each time."""
    fovea.manual_seed(3)
    return LAYERS[name][1](module)


@pytest.fixture(params=LAYERS)
def made(request):
    fovea.manual_seed(2)
    return request.param, LAYERS[request.param][0]()


def test_parameters_get_gradients(made):
    name, module = made
    y = run(name, module)
    assert module.parameter_count() == sum(p.numel() for p in module.parameters()) > 0
    (y * y).sum().backward()
    assert any(p.grad is not None for p in module.parameters())
    module.zero_grad()
    assert all(p.grad is None for p in module.parameters())


def test_state_saves_and_loads(made, tmp_path):
    name, module = made
    module.eval()
    expected = run(name, module).detach()
    path = str(tmp_path / "x.safetensors")
    module.save(path)
    with fovea.no_grad():
        for p in module.parameters():
            p.fill_(0.25)
    module.load(path)
    assert fovea.equal(run(name, module).detach(), expected)
    state = module.state()
    assert set(state) == {*module.named_parameters(), *module.named_buffers()}
    other = LAYERS[name][0]().eval()
    other.load_state_dict(state)
    assert fovea.equal(run(name, other).detach(), expected)
    first = next(iter(state))
    with pytest.raises(fovea.FileError, match="missing"):
        other.load_state({k: v for k, v in state.items() if k != first})


def test_clones_share_nothing(made):
    name, module = made
    module.eval()
    expected = run(name, module).detach()
    for twin in (module.clone(), copy.deepcopy(module)):
        assert type(twin) is type(module) and not twin.training
        assert fovea.equal(run(name, twin).detach(), expected)
        with fovea.no_grad():
            for p in twin.parameters():
                p.fill_(0.5)
        assert fovea.equal(run(name, module).detach(), expected)


def test_shown_and_described(made):
    name, module = made
    assert len(type(module).__doc__) > 60
    html = module._repr_html_()
    assert name in html and next(iter(module.named_parameters())) in html
    assert next(iter(module.named_parameters())) in module.summary() and repr(module).startswith(name)


def test_converts(made):
    name, module = made
    module.to(fovea.f64)
    assert {p.dtype for p in module.parameters()} == {fovea.f64}


@pytest.mark.parametrize("align", fovea.align_names())
@pytest.mark.parametrize("score", fovea.score_names())
def test_any_score_with_any_alignment(score, align):
    attention = fovea.Attention(score, align, 4, 4)
    query, keys = R((2, 3, 4)), R((2, 5, 4))
    mask = fovea.padding_mask(fovea.tensor([5, 3]), 5)
    context, alignment = attention(query, keys, mask=mask)
    assert context.shape[:2] == (2, 3) and alignment.weights.shape == (2, 3, 5)
    assert alignment.weights[1, :, 3:].abs().max().item() == 0
    assert (alignment.choice is not None) == (align == "hard")


class Net(fovea.Module):
    """A composition in Python: C++ layers, a list, a dict, a parameter, a buffer, another Python module."""

    def __init__(self, size=4):
        super().__init__()
        self.inner = fovea.Linear(size, size)
        self.scale = fovea.Parameter(fovea.ones(size))
        self.layers = [fovea.Linear(size, size), fovea.Sequential(fovea.Linear(size, 3), fovea.tanh, fovea.Linear(3, size))]
        self.heads = {"a": fovea.Linear(size, 2)}
        self.count = fovea.Buffer(fovea.zeros(()))
        self.drop = fovea.Dropout(0.5)
        self.size = size

    def forward(self, x):
        x = self.drop(self.inner(x)).sigmoid() * self.scale
        for layer in self.layers:
            x = layer(x)
        return self.heads["a"](x)


def test_python_module_names():
    assert list(Net().state()) == [
        "inner.weight", "inner.bias", "scale", "layers.0.weight", "layers.0.bias", "layers.1.0.weight", "layers.1.0.bias",
        "layers.1.2.weight", "layers.1.2.bias", "heads.a.weight", "heads.a.bias", "count"]


def test_python_module_keeps_the_contract(tmp_path):
    net, x = Net().eval(), R((5, 4))
    y = net(x).detach()
    assert not net.layers[1][0].training and not net.drop.training
    twin = net.clone()
    assert type(twin) is Net and twin.size == 4 and fovea.equal(twin(x), y)
    with fovea.no_grad():
        twin.scale.fill_(7)
        twin.layers[0].weight.fill_(7)
    assert fovea.equal(net(x), y) and not fovea.equal(twin(x), y)
    net.save(str(tmp_path / "net.safetensors"))
    twin.load(str(tmp_path / "net.safetensors"))
    assert fovea.equal(twin(x), y)
    net.to(fovea.f64)
    assert net.scale.dtype == fovea.f64 and net(x.to(fovea.f64)).dtype == fovea.f64
    net.train()
    assert net.drop.training


def test_python_module_trains():
    net, x = Net(), R((16, 4))
    target = x[:, :2] * 0.5
    net.eval()
    optimizer = fovea.Adam(net, lr=0.02)
    losses = []
    for _ in range(150):
        loss = fovea.mse_loss(net(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_python_modules_nest_in_one_another_and_outlive_their_makers():
    class Outer(fovea.Module):
        def __init__(self):
            super().__init__()
            self.nets = fovea.ModuleList([Net(), Net()])

        def forward(self, x):
            return sum(net(x).sum() for net in self.nets)

    outer = Outer().eval()
    gc.collect()
    assert len(outer.parameters()) == 22 and list(outer.modules())[:3] == ["", "nets", "nets.0"]
    inner = outer.get("nets.1.layers.1.2")
    del outer
    gc.collect()
    assert inner(R((1, 3))).shape == (1, 4)


def test_tying():
    class Tied(fovea.Module):
        def __init__(self):
            super().__init__()
            self.embedding = fovea.Embedding(7, 4)
            self.output = fovea.Linear(4, 7, bias=False)
            self.output.weight = self.embedding.weight

    net = Tied()
    assert list(net.named_parameters()) == ["embedding.weight"] and net.output.weight.is_same(net.embedding.weight)
    twin = net.clone()
    assert twin.output.weight.is_same(twin.embedding.weight) and not twin.output.weight.is_same(net.output.weight)
    net.to(fovea.f64)
    assert net.output.weight.is_same(net.embedding.weight)


def test_members_of_library_modules():
    model = fovea.TransformerModel(11, embed_dim=8, heads=2, feed_forward=16, layers=2, dropout=0)
    layers = model.transformer.encoder.layers
    assert [type(layer).__name__ for layer in layers] == ["TransformerEncoderLayer"] * 2
    assert isinstance(layers[0].norm1.weight, fovea.Parameter)
    with pytest.raises(AttributeError):
        model.nothing
    weight = layers[0].linear1.weight
    del model, layers
    gc.collect()
    assert weight.shape == (16, 8)


def test_errors_in_python_modules_stay_themselves():
    class Bad(fovea.Module):
        def forward(self, x):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Bad()(1)
    with pytest.raises(AttributeError):
        fovea.Module()(1)


def test_weights_by_name():
    model = fovea.TransformerModel(11, embed_dim=8, heads=2, feed_forward=16, layers=1, dropout=0)
    with fovea.collect_weights(model) as seen:
        model(ids(2, 5), ids(2, 4))
    assert {name: x.shape for name, x in seen.items()} == {
        "transformer.encoder.layers.0.self_attn": (2, 2, 5, 5), "transformer.decoder.layers.0.self_attn": (2, 2, 4, 4),
        "transformer.decoder.layers.0.multihead_attn": (2, 2, 4, 5)}
    assert fovea.allclose(seen["transformer.encoder.layers.0.self_attn"].sum(-1), fovea.ones((2, 2, 5)))
    assert "<svg" in model._repr_html_()
    with fovea.collect_weights(model, all=True) as seen:
        model(ids(2, 5), ids(2, 4))
    assert seen.scores["transformer.encoder.layers.0.self_attn"][0].shape == (2, 2, 5, 5)
    with fovea.change_attention(weights=lambda path, w: fovea.full_like(w, 0.2)), fovea.collect_weights(model) as seen:
        model(ids(2, 5), ids(2, 4))
    assert seen["transformer.encoder.layers.0.self_attn"].max().item() == pytest.approx(0.2)


def test_weights_of_python_modules_have_their_names():
    class Model(fovea.Module):
        def __init__(self):
            super().__init__()
            self.blocks = [fovea.MultiHeadAttention(8, 2), fovea.BahdanauAttention(8, 8, 4)]

        def forward(self, x):
            return self.blocks[1](self.blocks[0](x)[0], x)[0]

    model = Model()
    with fovea.collect_weights(model) as seen:
        model(R((1, 3, 8)))
        assert list(seen) == ["blocks.0", "blocks.1"] and seen["blocks.1"].shape == (1, 3, 3)


def test_decoding():
    model = fovea.RnnSearch(11, embed_dim=4, hidden_size=5)
    source = ids(3, 4)
    greedy, beam = model.greedy(source, 0, 1, 6), model.beam_search(source, 0, 1, 6, width=1, length_penalty=0)
    assert fovea.equal(greedy.ids, beam.ids) and greedy.ids.shape[0] == 3
    drawn = model.sample(source, 0, 1, 6, generator=G(1))
    assert fovea.equal(drawn.ids, model.sample(source, 0, 1, 6, generator=G(1)).ids)
    lm = fovea.TransformerLanguageModel(11, 8, 2, 16, 1, dropout=0).eval()
    assert lm.generate(ids(2, 3), count=5, temperature=0).shape == (2, 5)


def test_cache_of_heads():
    heads, x = fovea.MultiHeadAttention(8, 2), R((2, 4, 8))
    whole, cache = heads(x, causal=True)[0], fovea.KeyValueCache()
    steps = [heads(x[:, t:t + 1], causal=True, cache=cache)[0] for t in range(4)]
    assert cache.length == 4 and fovea.allclose(fovea.cat(steps, 1), whole, 1e-4, 1e-5)


def test_states():
    ntm = fovea.NeuralTuringMachine(4, 3, hidden_size=6, slots=5, width=4)
    state = ntm.initial_state(2)
    y, state = ntm.step(R((2, 4)), state)
    assert state.memory.shape == (2, 4, 5) and state.detach().memory.requires_grad is False
    assert state.select_rows(fovea.tensor([1])).memory.shape == (1, 4, 5)
    logits, trace = ntm.trace(R((2, 3, 4)))
    assert len(trace) == 3 and trace[0].read_weights.shape == (2, 1, 5) and logits.shape == (2, 3, 3)


def test_spatial_transformer_starts_as_the_identity():
    image = R((2, 1, 6, 6))
    net = fovea.SpatialTransformer(fovea.Sequential(lambda x: x.flatten(1), fovea.Linear(36, 5)), 5, fovea.Affine((6, 6)))
    assert fovea.allclose(net(image), image, 1e-4, 1e-4)
    hart = fovea.Hart(crop=8)
    frame, box = fovea.rand((1, 1, 20, 20)), fovea.tensor([[5.0, 5.0, 6.0, 6.0]])
    assert hart.step(frame, hart.initial_state(frame, box))[0].shape == (1, 4)


@pytest.mark.parametrize("name, options", [
    ("ReLU", {}), ("GELU", {}), ("SiLU", {}), ("Softplus", {}), ("Tanh", {}), ("Sigmoid", {}), ("LogSigmoid", {}),
    ("LeakyReLU", {"slope": 0.3}), ("ELU", {"alpha": 2.0}), ("GLU", {"dim": 0}), ("Softmax", {"dim": 0}),
    ("LogSoftmax", {"dim": 0}), ("Flatten", {"first": 0})])
def test_activations_are_the_ops_of_their_names(name, options):
    op = {"LeakyReLU": "leaky_relu", "LogSoftmax": "log_softmax"}.get(name, name.lower())
    x = fovea.randn((4, 6))
    assert fovea.equal(getattr(fovea, name)(**options)(x), getattr(fovea, op)(x, **options))
    inside = fovea.Sequential(getattr(fovea, name)(**options)).clone()
    assert fovea.equal(inside(x), getattr(fovea, op)(x, **options))


@pytest.mark.parametrize("name, op", [
    ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"), ("BCELoss", "binary_cross_entropy"), ("L1Loss", "l1_loss"),
    ("MSELoss", "mse_loss"), ("KLDivLoss", "kl_div"), ("HuberLoss", "huber_loss")])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_losses_are_the_ops_of_their_names(name, op, reduction):
    x, target = fovea.randn((4, 6)).sigmoid(), fovea.randn((4, 6)).sigmoid()
    loss = getattr(fovea, name)(reduction=reduction)
    assert fovea.equal(loss(x, target), getattr(fovea, op)(x, target, reduction=reduction))


def test_losses_of_ids_have_their_options():
    x, ids = fovea.randn((4, 6)), fovea.randint((4,), 0, 6)
    given = {"ignore_index": 2, "label_smoothing": 0.1, "reduction": "sum"}
    assert fovea.equal(fovea.CrossEntropyLoss(**given)(x, ids), fovea.cross_entropy(x, ids, **given))
    assert fovea.equal(fovea.NLLLoss(**given)(x, ids), fovea.nll_loss(x, ids, **given))
