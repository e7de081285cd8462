"""Attention as a score, an alignment and a read; the scores; windows; heads; hard attention; masks."""

from figure import Figure

WEIGHTS = [0.06, 0.12, 0.62, 0.2]


def general():
    f = Figure(
        "attention",
        "Attention: score, align, read",
        "A query is compared with four keys, which gives four scores. The alignment makes weights of them that sum to "
        "one. The read is the sum of the values, each times its weight: the context.",
    )
    f.frame(180, 62, 190, 400, "score (1)")
    f.frame(385, 62, 190, 400, "align (2)")
    f.frame(590, 62, 345, 400, "read (3)")
    f.box("q", 40, 420, 90, 54, "q", "query", 22)
    f.note(40, 500, "query: what is\nlooked for", 16)
    for j in range(4):
        y = 100 + j * 78
        f.box(f"k{j}", 40, y, 90, 50, f"k_{j + 1}", "key", 20)
        f.box(f"e{j}", 235, y, 80, 50, f"e_{j + 1}", "score", 20)
        f.box(f"a{j}", 440, y, 80, 50, f"α_{j + 1}", "weight", 20)
        f.box(f"v{j}", 615, y, 80, 50, f"v_{j + 1}", "value", 20)
        f.arrow(f"k{j}.r", f"e{j}.l")
        f.arrow(f"e{j}.r", f"a{j}.l")
        f.arrow(f"a{j}.r", f"v{j}.l", "×", size=20)
        f.arrow(f"v{j}.r", (740, y + 25), head=False)
    f.line((740, 125), (740, 359), colour="#222222", wide=1.8)
    f.circle("sum", 790, 242, 22, "Σ", "op", 22)
    f.arrow((740, 242), "sum.l")
    f.box("c", 845, 215, 76, 54, "c", "read", 22)
    f.arrow("sum.r", "c.l")
    f.note(850, 300, "context", 17)
    f.arrow("q.r", (196, 447), head=False)
    f.line((196, 447), (196, 141), colour="#222222", wide=1.8)
    for j in range(4):
        f.arrow((196, 141 + j * 78), (235, 141 + j * 78))
    f.note(236, 442, "e = score(q, k)", 17)
    f.note(404, 442, "α = align(e, mask)", 17)
    f.note(612, 442, "c = Σ_j α_j v_j", 17)
    f.note(180, 496, "Any score goes with any alignment and any read.", 18)
    f.note(180, 524, "Values are the keys themselves unless others are given.", 16)
    return f


def masks():
    f = Figure(
        "masks",
        "Masks: which query may attend to which key",
        "Four grids of queries by keys. Padding: the last keys of a short sequence are crossed out. Causal: above the "
        "diagonal all is crossed out. Window: only keys near the diagonal are left. Both: padding and causal together.",
        height=470,
    )
    n, w = 6, 30

    def grid(x, name, allowed):
        rows = [[0.35 if allowed(i, j) else None for j in range(n)] for i in range(n)]
        f.cells(name, x, 130, rows, "weight", w, w)
        f.note(x, 120, "keys j →", 15)

    for x, title, rule, allowed in [
        (60, "padding", "j < length", lambda i, j: j < 4),
        (285, "causal", "j ≤ offset + i", lambda i, j: j <= i),
        (510, "window", "|j - p_i| ≤ D", lambda i, j: abs(i - j) <= 1),
        (735, "both", "what both allow", lambda i, j: j <= i and j < 4),
    ]:
        f.text(x, 90, title, 20, "start", "bold")
        grid(x, title, allowed)
        f.note(x, 340, rule, 18)
    f.note(16, 150, "i", 15)
    f.note(16, 172, "↓", 15)
    f.note(60, 390, "Coloured: true, may be attended. Crossed out: the score counts as -∞, the weight is 0.", 17)
    f.note(60, 420, "A row that is crossed out wholly reads zeros and has no gradient.", 17)
    return f


def additive():
    f = Figure(
        "additive",
        "Additive attention in RNNsearch",
        "The states h of a bidirectional encoder are keys and values. The decoder's state before the step is the query. "
        "A layer with tanh gives a score for each state, softmax the weights, the weighted sum is the context, and it "
        "enters the decoder's next state and the next word.",
    )
    for j in range(4):
        x = 60 + j * 120
        f.box(f"x{j}", x, 470, 84, 44, f"x_{j + 1}", "input")
        f.box(f"h{j}", x, 390, 84, 48, f"h_{j + 1}", "key", 20)
        f.arrow(f"x{j}.t", f"h{j}.b")
        f.box(f"e{j}", x, 274, 84, 44, f"e_{{i{j + 1}}}", "score", 20)
        f.arrow(f"h{j}.t", f"e{j}.b")
        f.box(f"a{j}", x, 186, 84, 44, f"α_{{i{j + 1}}}", "weight", 20)
        f.arrow(f"e{j}.t", f"a{j}.b")
    for j in range(3):
        f.arrow(f"h{j}.r0.3", f"h{j + 1}.l0.3")
        f.arrow(f"h{j + 1}.l0.72", f"h{j}.r0.72")
    f.note(530, 505, "h_j = [→h_j ; ←h_j]   (1)", 17)
    f.box("s0", 600, 270, 96, 52, "s_{i-1}", "query", 20)
    f.arrow("s0.l", (540, 296), head=False)
    f.line((540, 296), (540, 348), (80, 348), colour="#222222", wide=1.8)
    f.note(470, 340, "W_a s", 16)
    for j in range(4):
        f.arrow((80 + j * 120, 348), (80 + j * 120, 318))
    f.note(438 + 40, 376, "U_a h", 16)
    f.note(560, 384, "e_{ij} = v_a^⊤ tanh(W_a s_{i-1} + U_a h_j)", 18)
    f.note(560, 416, "α_i = softmax_j(e_{ij})   (3)", 18)
    f.box("c", 236, 80, 100, 52, "c_i", "read", 22)
    for j in range(4):
        f.arrow(f"a{j}.t", "c.b", mid=0.5)
    f.note(350, 98, "Σ_j α_{ij} h_j   (4)", 17)
    f.box("s", 740, 180, 110, 56, "s_i", "query", 22)
    f.arrow("s0.t", "s.l", "f  (5)", at=0.75, shift=(0, -14))
    f.arrow("c.r0.85", "s.t0.5", via=[(795, 124)])
    f.box("y", 740, 62, 130, 46, "y_i   (6)", "input", 20)
    f.arrow((838, 180), (838, 108))
    f.box("yp", 740, 290, 110, 46, "E_y y_{i-1}", "input", 18)
    f.arrow("yp.t", "s.b")
    return f


def luong():
    f = Figure(
        "luong",
        "Luong's attention, with input feeding",
        "The decoder takes its step first. Its new state is the query; the encoder's states are keys and values. The "
        "context and the state make the attentional state, which gives the next word and is fed to the next step.",
    )
    for s in range(4):
        x = 50 + s * 110
        f.box(f"h{s}", x, 400, 80, 48, f"h̄_{s + 1}", "key", 20)
        f.box(f"a{s}", x, 270, 80, 44, f"a_t({s + 1})", "weight", 18)
        f.arrow(f"h{s}.t", f"a{s}.b")
    for s in range(3):
        f.arrow(f"h{s}.r", f"h{s + 1}.l")
    f.note(50, 480, "encoder (1)", 17)
    f.box("ht", 600, 400, 90, 48, "h_t", "query", 20)
    f.box("hp", 500, 480, 90, 44, "h_{t-1}", "input")
    f.arrow("hp.r", "ht.b0.3")
    f.line((600, 424), (560, 424), (560, 352), (66, 352), colour="#222222", wide=1.8)
    for s in range(4):
        f.arrow((66 + s * 110, 352), (66 + s * 110, 314))
    f.note(475, 340, "score, align  (3)", 17)
    f.box("c", 210, 150, 90, 50, "c_t", "read", 20)
    for s in range(4):
        f.arrow(f"a{s}.t", "c.b")
    f.note(315, 160, "Σ_s a_t(s) h̄_s   (4)", 17)
    f.box("cat", 580, 145, 130, 60, "tanh W_c", "op", 18)
    f.arrow("c.r", "cat.l")
    f.arrow("ht.t", "cat.b")
    f.box("hh", 600, 62, 90, 46, "h̃_t   (5)", "read", 16)
    f.arrow("cat.t", "hh.b")
    f.box("y", 790, 62, 120, 46, "y_t   (6)", "input", 18)
    f.arrow("hh.r", "y.l")
    f.box("next", 790, 389, 130, 70, "step t + 1\n(2)", "query", 18)
    f.arrow(
        "hh.r0.85",
        "next.t0.3",
        "input feeding",
        via=[(740, 101), (740, 330), (829, 330)],
        dash=True,
        at=0.6,
        shift=(70, 0),
    )
    f.arrow("ht.r", "next.l")
    return f


def scores():
    f = Figure(
        "scores",
        "Five scores for a query h_t and a key h̄_s",
        "Dot: the product of the two. General: a matrix between them. Concat and additive: a layer with tanh over both, "
        "then a vector. Location: a row for each position, which the source does not change. Scaled dot: divided by the root of D.",
        height=500,
    )
    rows = [
        ("dot", "h_t^⊤ h̄_s", "no weights; both must have one size"),
        ("general", "h_t^⊤ W_a h̄_s", "W_a brings keys to where queries are"),
        ("concat, additive", "v_a^⊤ tanh(W_a [h_t ; h̄_s])", "a small network with one hidden layer"),
        ("location", "(W_a h_t)_s", "a row for each position, whatever is there"),
        ("scaled dot", "q^⊤ k / √D", "the scale takes the variance back to 1"),
    ]
    for i, (name, formula, why) in enumerate(rows):
        y = 66 + i * 84
        f.box(f"n{i}", 30, y, 190, 62, name, "score", 19)
        f.box(f"f{i}", 235, y, 300, 62, formula, "op", 19)
        f.note(552, y + 38, why, 17)
    return f


def local():
    f = Figure(
        "local",
        "Local attention: a window around p_t",
        "Above, local-m: the window stands at position t, and softmax runs over the keys in it. Below, local-p: the network "
        "finds p_t, and the weights in the window are multiplied by a Gaussian around it.",
    )
    for top, name, centre, note in [
        (70, "local-m", 4, "p_t = t   (1)"),
        (300, "local-p", 6, "p_t = (T - 1) σ(v_p^⊤ tanh(W_p h_t))   (2)"),
    ]:
        f.text(40, top + 28, name, 20, "start", "bold")
        f.note(150, top + 28, note, 18)
        for s in range(12):
            x = 40 + s * 74
            near = abs(s - centre) <= 2
            f.box(f"{name}{s}", x, top + 126, 60, 44, f"h̄_{{{s}}}", "key" if near else "input", 18)
        tall = [0.3, 0.8, 0.5, 0.65, 0.35] if name == "local-m" else [0.05, 0.55, 0.95, 0.45, 0.04]
        for d in range(-2, 3):
            x = 40 + (centre + d) * 74 + 14
            h = 62 * tall[d + 2]
            f.shapes.append(
                f'<rect x="{x}" y="{top + 120 - h:.1f}" width="32" height="{h:.1f}" fill="#e6dbf5" '
                'stroke="#6a3fa0" stroke-width="1.4"/>'
            )
        left, right = 40 + (centre - 2) * 74 - 8, 40 + (centre + 3) * 74 - 6
        f.frame(left, top + 48, right - left, 130)
        f.note(right + 14, top + 72, "|s - p_t| ≤ D   (3)", 17)
        if name == "local-p":
            import math

            points = [
                (40 + centre * 74 + 30 + u * 74, top + 120 - 62 * math.exp(-u * u / 2))
                for u in [k / 8 for k in range(-17, 18)]
            ]
            f.line(*points, colour="#a83232", wide=2)
            f.note(40, top + 84, "bell curve (4):", 16)
            f.note(40, top + 106, "what p_t learns through", 16)
    f.note(40, 512, "Keys outside of the window are masked: grey.", 17)
    return f


def scaled_dot():
    f = Figure(
        "scaled-dot",
        "Scaled dot product: softmax(Q K^⊤ / √d) V",
        "The matrix of queries times the transposed matrix of keys gives scores, one row a query. Divided by the root of d "
        "and masked, each row goes through softmax. The weights times the matrix of values give one row read for each query.",
    )
    import random

    r = random.Random(3)
    shade = lambda rows, cols: [[0.15 + 0.5 * r.random() for _ in range(cols)] for _ in range(rows)]
    f.cells("Q", 40, 130, shade(4, 3), "query", 30, 30)
    f.note(40, 120, "Q  [Tq, d]", 17)
    f.cells("K", 200, 130, shade(3, 5), "key", 30, 30)
    f.note(200, 120, "K^⊤  [d, Tk]", 17)
    f.text(165, 195, "×", 26)
    f.arrow((365, 190), (428, 190), "/ √d", shift=(0, -16))
    weights = [
        [0.7, 0.2, None, None, None],
        [0.15, 0.65, 0.2, None, None],
        [0.1, 0.1, 0.7, 0.1, None],
        [0.05, 0.1, 0.2, 0.6, 0.05],
    ]
    f.cells("A", 445, 130, weights, "weight", 34, 30)
    f.note(445, 120, "A = softmax  (2)", 17)
    f.text(645, 195, "×", 26)
    f.cells("V", 680, 115, shade(5, 3), "value", 30, 30)
    f.note(680, 105, "V  [Tk, d]", 17)
    f.arrow((782, 190), (820, 190))
    f.cells("c", 835, 130, shade(4, 3), "read", 30, 30)
    f.note(835, 120, "c  (3)", 17)
    f.note(445, 280, "each row sums to 1;\ncrosses: masked", 17)
    f.note(40, 345, "Why √d: the product of two vectors of d numbers of variance 1 has variance d.", 18)
    f.note(40, 373, "Without the scale softmax would be nearly one-hot, and its gradient nearly 0.", 18)
    f.bars("w1", 110, 390, [0.06, 0.1, 0.08, 0.98, 0.04], h=90)
    f.note(100, 508, "e without scale", 16)
    f.bars("w2", 430, 390, [0.2, 0.28, 0.24, 0.62, 0.16], h=90)
    f.note(400, 508, "e / √d: others are heard too", 16)
    return f


def multi_head():
    f = Figure(
        "multi-head",
        "Multi-head attention",
        "Queries, keys and values are projected, split into H heads of d = D / H features; each head attends by itself; "
        "what the heads read is joined and projected to D features.",
    )
    for i, (name, kind, x) in enumerate([("q", "query", 130), ("k", "key", 400), ("v", "value", 670)]):
        f.box(name, x, 476, 160, 44, f"{name}  [T, D]", kind, 18)
        f.box("p" + name, x, 404, 160, 44, f"W_{name.upper()}, b_{name.upper()}   (1)", "op", 18)
        f.arrow(f"{name}.t", f"p{name}.b")
    for h in range(3):
        x = 100 + h * 270
        f.box(
            f"head{h}",
            x,
            210,
            220,
            104,
            f"head {h + 1 if h < 2 else 'H'}\nA_h = softmax(Q_h K_h^⊤ / √d)\nc_h = A_h V_h",
            "weight",
            14,
        )
        for i, name in enumerate("qkv"):
            start = f"p{name}.t{0.25 + 0.25 * h}"
            f.arrow(
                start,
                f"head{h}.b{0.25 + 0.25 * i}",
                via=None,
                mid=0.25 + 0.22 * i,
                colour=["#b35c00", "#1f5c99", "#2a7a35"][i],
            )
    f.box("join", 310, 130, 340, 44, "[c_1 ; .. ; c_H]", "read", 18)
    for h in range(3):
        f.arrow(f"head{h}.t", f"join.b{0.15 + 0.35 * h}")
    f.box("o", 390, 62, 180, 40, "W_O, b_O   (4)", "op", 18)
    f.arrow("join.t", "o.b")
    f.arrow("o.r", (690, 82))
    f.note(700, 88, "y  [T, D]", 18)
    f.note(24, 352, "split", 15)
    f.note(24, 372, "by head", 15)
    return f


def hard():
    f = Figure(
        "hard",
        "Soft, hard, and how hard attention learns",
        "Left, soft attention: the read is the sum of all values by their weights, and the gradient passes through. Right, hard "
        "attention: one position is drawn, its value is read, no gradient passes. The reward less a baseline times the gradient "
        "of the log-probability of the draw takes its place.",
    )
    for side, x0 in (("soft", 40), ("hard", 500)):
        f.text(x0, 84, side, 21, "start", "bold")
        f.bars(f"{side}a", x0 + 20, 100, [0.15, 0.6, 0.2, 0.05], "weight", 70, 110, 26)
        f.note(x0 + 398, 205, "α_t", 18)
        for j in range(4):
            f.box(f"{side}h{j}", x0 + 20 + j * 96, 268, 70, 44, f"h_{j + 1}", "value", 18)
    for j in range(4):
        f.arrow((95 + j * 96, 212), f"softh{j}.t")
        f.arrow(f"softh{j}.b", (95 + j * 96, 352), head=False)
    f.line((95, 352), (383, 352), colour="#222222", wide=1.8)
    f.box("softc", 179, 384, 120, 48, "Σ_j α_j h_j", "read", 18)
    f.arrow((239, 352), "softc.t")
    f.note(40, 470, "gradient: through every weight", 17)
    f.arrow((651, 212), "hardh1.t", "s_t ~ Categorical(α_t)", shift=(138, 0), dash=True)
    f.box("hardc", 591, 384, 120, 48, "h of s_t", "read", 18)
    f.arrow("hardh1.b", "hardc.t")
    f.box("R", 790, 384, 130, 48, "reward R", "input", 18)
    f.arrow("hardc.r", "R.l")
    f.note(500, 470, "gradient: none through the draw; in its place", 17)
    f.note(500, 500, "∇ E[R] = E[(R - b) ∇ log α_{t, sₜ}]   (1)", 18)
    f.arrow("R.r", (884, 150), via=[(945, 408), (945, 150)], dash=True, colour="#a83232")
    return f


FIGURES = [general, masks, additive, luong, scores, local, scaled_dot, multi_head, hard]
