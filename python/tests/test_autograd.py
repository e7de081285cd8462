"""The tape from Python: gradients, modes, hooks, checks, errors with their types, threads, interrupts."""
import builtins
import os
import signal
import subprocess
import sys
import threading
import time

import fovea
import numpy as np
import pytest
from conftest import f64, same


def test_grad_and_higher_orders():
    x = fovea.tensor([2.0, 3.0], fovea.f64, requires_grad=True)
    (first,) = fovea.grad((x**3).sum(), x, create_graph=True)
    same(first, [12, 27])
    (second,) = fovea.grad(first.sum(), [x], create_graph=True)
    same(second, [12, 18])
    second.sum().backward()
    same(x.grad, [6, 6])


def test_grad_options():
    x, z = fovea.ones((2,), requires_grad=True), fovea.ones((2,), requires_grad=True)
    y = x * 3
    with pytest.raises(fovea.AutogradError):
        fovea.grad(y.sum(), [x, z], retain_graph=True)
    assert fovea.grad(y.sum(), [x, z], retain_graph=True, allow_unused=True)[1] is None
    same(fovea.grad([y], [x], grad_outputs=[fovea.tensor([1.0, 2.0])])[0], [3, 6])
    with pytest.raises(fovea.AutogradError):
        y.sum().backward(), y.sum().backward()


def test_backward_with_a_gradient():
    a, x = f64(3)
    y = x * x
    y.backward(fovea.tensor([1.0, 0.0, 2.0], fovea.f64), retain_graph=True)
    same(x.grad, 2 * a * [1, 0, 2])
    y.backward(fovea.ones((3,), fovea.f64))
    same(x.grad, 2 * a * [2, 1, 3])
    x.grad = None
    assert x.grad is None
    x.grad = fovea.ones((3,), fovea.f64)
    same(x.grad, np.ones(3))


def test_modes():
    x = fovea.ones((1,), requires_grad=True)
    with fovea.no_grad():
        assert not (x * 2).requires_grad and not fovea.is_grad_enabled()
        with fovea.enable_grad():
            assert (x * 2).requires_grad
    assert fovea.is_grad_enabled()

    @fovea.no_grad()
    def quiet(v):
        return v * 2

    assert not quiet(x).requires_grad and (x * 2).requires_grad
    with pytest.raises(KeyError), fovea.no_grad():
        raise KeyError
    assert fovea.is_grad_enabled()
    with fovea.anomaly_mode(), pytest.raises(fovea.AutogradError, match="log"):
        (x - 2).log()
    with fovea.reference_mode():
        fovea.layer_norm(fovea.ones((2, 3)), fovea.ones(3), fovea.zeros(3))


def test_hooks():
    x = fovea.ones((2,), requires_grad=True)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))
    double = x.register_hook(lambda g: g * 2)
    (x * 3).sum().backward()
    assert seen == [[3, 3]] and x.grad.tolist() == [6, 6]
    handle.remove(), double.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1 and x.grad.tolist() == [9, 9]
    x.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (x * 3).sum().backward()


def test_gradcheck():
    x = f64(3)[1]
    assert fovea.gradcheck(lambda v: (v.sin() * v).sum(), x)
    assert fovea.gradgradcheck(lambda v: v.exp(), [x])
    with pytest.raises(fovea.AutogradError):
        fovea.gradcheck(lambda v: v * v.detach(), x)
    with pytest.raises(KeyError):
        fovea.gradcheck(lambda v: {}["no"], x)


@pytest.mark.parametrize("call, error, builtin", [
    (lambda: fovea.zeros((2, 3)) @ fovea.zeros((2, 3)), fovea.ShapeError, RuntimeError),
    (lambda: fovea.zeros((2,)) + fovea.zeros((2,), fovea.f64), fovea.DTypeError, RuntimeError),
    (lambda: fovea.zeros((2,))[5], fovea.IndexError, builtins.IndexError),
    (lambda: fovea.Dropout(2), fovea.ValueError, builtins.ValueError),
    (lambda: fovea.zeros((2,)).backward(), fovea.AutogradError, RuntimeError),
    (lambda: fovea.load_safetensors("/nowhere"), fovea.FileError, OSError),
    (lambda: fovea.zeros((2**40, 2**10)), MemoryError, MemoryError),
    (lambda: fovea.zeros("a"), TypeError, TypeError)])
def test_errors_keep_their_types(call, error, builtin):
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, builtin) and str(caught.value)
    if error.__module__ == "fovea":
        assert issubclass(error, fovea.Error)


def test_messages_are_the_librarys():
    with pytest.raises(fovea.ShapeError) as caught:
        fovea.matmul(fovea.zeros((8, 16)), fovea.zeros((8, 4)))
    assert str(caught.value) == ("matmul: inner sizes differ: a is f32[8, 16], b is f32[8, 4]; "
                                 "need a[-1] == b[-2] (16 vs 8)")


def test_score_function():
    logits = fovea.zeros((2000, 2), requires_grad=True)
    log_p = logits.log_softmax(1)
    choice = fovea.randint((2000, 1), 0, 2)
    reward = choice.squeeze(1).to(fovea.f32)
    taken = log_p.gather(1, choice).squeeze(1)
    fovea.surrogate_loss(taken, reward, baseline=fovea.leave_one_out(reward)).backward()
    assert logits.grad.sum(0)[1].item() < -0.2 < 0.2 < logits.grad.sum(0)[0].item()
    moving = fovea.MovingBaseline(0.5)
    moving(fovea.ones((4,)))
    assert moving.value.item() == pytest.approx(0.5)
    same(fovea.reward_to_go(fovea.ones((1, 3)), 0.5), [[1.75, 1.5, 1]])


def test_other_threads_run_during_large_ops():
    a = fovea.randn((1500, 1500))
    done, counted = threading.Event(), [0]

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        while counted[0] == 0:
            time.sleep(0.001)
        before = counted[0]
        a @ a
        during = counted[0] - before
    finally:
        done.set()
        counter.join()
    assert during > 0


def test_threads_have_modes_and_generators_of_their_own():
    results = []

    def work():
        fovea.manual_seed(9)
        x = fovea.randn((100, 100), requires_grad=True)
        (x @ x).sum().backward()
        results.append((fovea.is_grad_enabled(), x.grad.sum().item()))

    with fovea.no_grad():
        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    assert len(set(results)) == 1 and results[0][0]


def test_results_do_not_depend_on_threads():
    before, a = fovea.num_threads(), fovea.randn((300, 300))
    results = []
    for n in (1, 2):
        fovea.set_num_threads(n)
        results.append((a @ a).softmax(1))
    fovea.set_num_threads(before)
    assert fovea.equal(*results)


def test_interrupt():
    # A shell makes what it starts in the background deaf to Ctrl-C; Python then leaves it so.
    code = ("import fovea, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nx = fovea.randn((200, 200))\n"
            "try:\n  print('ready', flush=True)\n  while True: x = (x @ x).tanh()\nexcept KeyboardInterrupt:\n  print('stopped'); sys.exit(3)\n")
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    try:
        assert child.communicate(timeout=60)[0] == "stopped\n" and child.returncode == 3
    finally:
        child.kill()
