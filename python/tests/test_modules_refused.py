"""Modules that stand inside themselves, and states of what is no tensor."""
import fovea
import pytest


class Plain(fovea.Module):
    def __init__(self):
        super().__init__()
        self.layer = fovea.Linear(2, 2)


def itself(module):
    module.me = module


def by_a_list(module):
    module.all = [module]


def by_a_dict(module):
    module.all = {"a": module}


def by_a_child(module):
    module.child = Plain()
    module.child.parent = module


def a_list_in_itself(module):
    module.all = []
    module.all.append(module.all)


@pytest.mark.parametrize("close", [itself, by_a_list, by_a_dict, by_a_child, a_list_in_itself])
@pytest.mark.parametrize("walk", [lambda m: m.parameters(), lambda m: m.state_dict(), lambda m: m.train(),
                                  lambda m: m.zero_grad()])
def test_a_module_inside_itself_is_refused(close, walk):
    module = Plain()
    close(module)
    with pytest.raises(fovea.ValueError, match="back into itself"):
        walk(module)
    again = Plain()
    again.twin = again.layer  # twice, but not inside itself
    assert len(again.parameters()) == 2


@pytest.mark.parametrize("state, message", [({"p": 1}, "load_state: p is of type int; need fovea.Tensor"),
                                            ({1: fovea.ones(())}, "load_state: a name is of type int; need str")])
def test_a_state_of_other_things_is_refused_by_name(state, message):
    with pytest.raises(TypeError, match=message):
        Plain().load_state(state)
