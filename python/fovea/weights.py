"""What attentions attend to, by name, and changing it from outside."""
from ._fovea import _Collector, _Hooks

_last = {}  # of the collector that was closed last, for _repr_html_


class collect_weights:
    """The weights of every attention that runs within, by path.

    with fovea.collect_weights(model) as seen:
        model(x)
    seen["decoder.attention"]      # all calls one after the other along Tq
    seen.calls                     # path -> a tensor a call; with all=True also seen.scores, seen.traces

    The model is named from its root (name_paths) when it is given; collectors nest, the innermost collects.
    """

    def __init__(self, model=None, all=False):
        self._model, self._all = model, all
        self.calls, self.scores, self.traces = {}, {}, {}

    def __enter__(self):
        if self._model is not None:
            self._model.name_paths()
        self._open = _Collector(self._all)
        return self

    def __exit__(self, *error):
        try:
            self.calls, self.scores, self.traces = self._open.take()
            self._over_time = {name: self._open.over_time(name) for name in self.calls}
        finally:
            self._open.close()
            self._open = None
        _last.clear()
        _last.update(self._over_time)

    def _names(self):
        return self._open.take()[0] if self._open is not None else self.calls

    def __getitem__(self, name):
        return self._open.over_time(name) if self._open is not None else self._over_time[name]

    def __iter__(self):
        return iter(self._names())

    def __len__(self):
        return len(self._names())

    def __contains__(self, name):
        return name in self._names()

    def keys(self):
        return self._names().keys()

    def items(self):
        return [(name, self[name]) for name in self._names()]


class change_attention:
    """Within, scores(path, x) and weights(path, x) give what stands in place of the scores and weights x."""

    def __init__(self, scores=None, weights=None):
        self._changes = scores, weights

    def __enter__(self):
        self._open = _Hooks(*self._changes)
        return self

    def __exit__(self, *error):
        self._open.close()
