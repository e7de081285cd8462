"""Networks over sequences: Transformer, LSTMN, feed-forward attention, pointers, sets, SNAIL, readers."""

from figure import Figure


def transformer():
    f = Figure(
        "transformer",
        "The Transformer: encoder and decoder",
        "The encoder's layer: multi-head self-attention, then a feed-forward network, each with what came in added and a layer "
        "norm after it. The decoder's layer: causal self-attention, attention to the encoder's memory m, and a feed-forward "
        "network. Last, logits by the table of the embedding.",
    )
    f.frame(60, 56, 290, 362, "encoder, N layers")
    f.box("x", 115, 476, 190, 40, "source", "input", 17)
    f.box("ex", 115, 428, 190, 36, "E_s √D + PE   (1)", "op", 16)
    f.arrow("x.t", "ex.b")
    column(f, 110, 428, [("MHA: x to x", "weight"), ("F(x)", "value")], "e", 200)
    f.frame(430, 56, 330, 362, "decoder, N layers")
    f.box("y", 505, 476, 200, 40, "target, input ids", "input", 17)
    f.box("ey", 505, 428, 200, 36, "E_t √D + PE   (2)", "op", 16)
    f.arrow("y.t", "ey.b")
    column(
        f,
        505,
        428,
        [("MHA: y to y, causal", "weight"), ("MHA: y to m", "weight"), ("F(y)", "value")],
        "d",
        200,
        tight=True,
    )
    f.arrow("e1n.t", "d1s.l", "m", via=[(210, 84), (390, 84), (390, f.point("d1s.l")[0][1])], at=0.6, size=20)
    f.box("u", 800, 100, 130, 44, "h U^⊤   (3)", "op", 17)
    f.arrow("d2n.t", "u.l", via=[(605, 74), (775, 74), (775, 122)])
    f.box("logits", 800, 190, 130, 44, "logits", "read", 18)
    f.arrow("u.b", "logits.t")
    f.note(790, 300, "+ adds what", 16)
    f.note(790, 322, "went in", 16)
    f.note(790, 352, "LN: layer norm", 16)
    f.note(790, 382, "here post-norm", 16)
    return f


def column(f, x, y, parts, name, w, tight=False):
    """Sublayers of a post-norm layer, upwards from y: part, +, norm."""
    part, norm, gap, plus = (32, 22, 9, 10) if tight else (46, 30, 14, 13)
    start = (x + w / 2, y)
    for i, (label, kind) in enumerate(parts):
        y -= part + gap + (12 if tight else 22)
        f.box(f"{name}{i}s", x, y, w, part, label, kind, 16)
        f.arrow(start, f"{name}{i}s.b")
        fork = (start[0], start[1] - (6 if tight else 10))
        y -= 2 * plus + gap
        f.circle(f"{name}{i}p", x + w / 2, y + plus, plus, "+", "op", 15 if tight else 18)
        f.arrow(f"{name}{i}s.t", f"{name}{i}p.b")
        f.arrow(fork, f"{name}{i}p.l", via=[(x - 16, fork[1]), (x - 16, y + plus)])
        y -= norm + gap
        f.box(f"{name}{i}n", x, y, w, norm, "LN", "op", 14 if tight else 16)
        f.arrow(f"{name}{i}p.t", f"{name}{i}n.b")
        start = f.point(f"{name}{i}n.t")[0]


def norms():
    f = Figure(
        "norms",
        "Where the norm stands: post-norm and pre-norm",
        "Post-norm: the part's output is added to its input and the sum goes through layer norm. Pre-norm: layer norm comes "
        "before the part, and what it gives is added to an input that no norm has touched.",
        height=400,
    )
    for x, title, formula, order in [
        (40, "post-norm (2)", "x = LN(x + MHA(x))", ["MHA", "+", "LN"]),
        (500, "pre-norm (3)", "x = x + MHA(LN(x))", ["LN", "MHA", "+"]),
    ]:
        f.text(x, 84, title, 20, "start", "bold")
        f.note(x, 118, formula, 18)
        f.box(f"{x}in", x, 208, 50, 44, "x", "input", 20)
        at, last = x + 100, f"{x}in.r"
        for k, what in enumerate(order):
            if what == "+":
                f.circle(f"{x}{k}", at + 16, 230, 16, "+", "op", 20)
                f.arrow(last, f"{x}{k}.l")
                f.arrow(f"{x}in.b", f"{x}{k}.b", via=[(x + 25, 300), (at + 16, 300)])
                at += 68
            else:
                f.box(f"{x}{k}", at, 204, 90, 52, what, "weight" if what == "MHA" else "op", 19)
                f.arrow(last, f"{x}{k}.l")
                at += 120
            last = f"{x}{k}.r"
        f.arrow(last, (f.point(last)[0][0] + 40, 230))
    f.note(
        40,
        356,
        "The path along the bottom: with post-norm every layer's norm cuts into it; with pre-norm it is free from",
        15,
    )
    f.note(40, 380, "the input to the last layer. Here six layers need a warm-up with post-norm, and none with pre-norm.", 15)
    return f


def lstmn():
    f = Figure(
        "lstmn",
        "LSTMN: a cell that attends to its own past",
        "All earlier hidden states and cells stay on tapes. The input and the last read ask them, softmax weighs, and the summary "
        "of hidden states and cells takes the place of the last ones in an LSTM.",
    )
    for i in range(4):
        x = 50 + i * 115
        f.box(f"h{i}", x, 90, 95, 40, f"h_{i + 1}", "key", 18)
        f.box(f"c{i}", x, 134, 95, 40, f"c_{i + 1}", "memory", 18)
        f.box(f"s{i}", x, 250, 95, 42, f"s_{i + 1}", "weight", 18)
        f.arrow(f"c{i}.b", f"s{i}.t")
    f.note(530, 118, "tapes: every h_i and c_i, i < t", 17)
    f.note(520, 262, "a_i = v^⊤ tanh(W_h h_i + W_x x_t + W_{h̃} h̃_{t-1})   (1)", 16)
    f.note(520, 290, "s = softmax(a)   (2)", 16)
    f.box("r", 200, 350, 160, 52, "h̃_t ; c̃_t", "read", 19)
    for i in range(4):
        f.arrow(f"s{i}.b", "r.t")
    f.note(210, 428, "Σ_i s_i [h_i ; c_i]   (3)", 16)
    f.box("g", 520, 350, 150, 52, "gates (4)", "op", 18)
    f.arrow("r.r", "g.l")
    f.box("x", 540, 460, 110, 44, "x_t", "input", 19)
    f.arrow("x.t", "g.b")
    f.box("h", 760, 350, 150, 52, "h_t ; c_t", "key", 19)
    f.arrow("g.r", "h.l")
    f.note(716, 430, "c_t = f ⊙ c̃_t + i ⊙ ĉ   (5)", 16)
    f.note(716, 456, "h_t = o ⊙ tanh(c_t)   (6)", 16)
    f.arrow("h.t0.85", (512, 145), "onto the tapes", via=[(887, 150), (887, 145)], dash=True, at=0.75, shift=(50, 16))
    f.arrow("x.l", "s0.l0.7", via=[(24, 482), (24, 279.4)], dash=True)
    f.note(60, 505, "x_t and h̃_{t-1} ask", 16)
    return f


def feed_forward():
    f = Figure(
        "feed-forward-attention",
        "Feed-forward attention: one look at all steps",
        "Each step becomes h by itself. One learned vector gives each h a score, softmax the weights; the mean of all h by these "
        "weights goes to the answer. There is no recurrence and no query.",
    )
    for t in range(5):
        x = 60 + t * 110
        f.box(f"x{t}", x, 470, 80, 42, f"x_{t + 1}", "input", 18)
        f.box(f"h{t}", x, 380, 80, 46, f"h_{t + 1}", "value", 19)
        f.box(f"e{t}", x, 290, 80, 42, f"e_{t + 1}", "score", 18)
        f.box(f"a{t}", x, 206, 80, 42, f"α_{t + 1}", "weight", 18)
        f.arrow(f"x{t}.t", f"h{t}.b")
        f.arrow(f"h{t}.t", f"e{t}.b")
        f.arrow(f"e{t}.t", f"a{t}.b")
        f.arrow(f"a{t}.t", (x + 40, 166), head=False)
    f.line((100, 166), (540, 166), colour="#222222", wide=1.8)
    f.box("c", 275, 76, 90, 50, "c", "read", 20)
    f.arrow((320, 166), "c.b")
    f.box("s", 520, 78, 90, 46, "s   (5)", "op", 18)
    f.box("y", 700, 78, 90, 46, "y   (6)", "input", 18)
    f.arrow("c.r", "s.l")
    f.arrow("s.r", "y.l")
    f.note(640, 410, "LReLU(W_{xh} x_t + b_{xh})   (1)", 17)
    f.note(640, 316, "tanh(w_{hc} · h_t + b_{hc})   (2)", 17)
    f.note(640, 232, "softmax over the steps   (3)", 17)
    f.note(640, 172, "c = Σ_t α_t h_t   (4)", 17)
    f.note(640, 490, "no arrow between steps:", 16)
    f.note(640, 512, "the order is not seen", 16)
    return f


def pointer():
    f = Figure(
        "pointer",
        "Pointer network: the answer is a position of the input",
        "An LSTM reads the points. Another one says answers; its state asks all encoder states, and the weights themselves are "
        "the distribution over positions. The chosen point is the next input.",
    )
    for j in range(4):
        x = 40 + j * 108
        f.box(f"P{j}", x, 470, 80, 42, f"P_{j + 1}", "input", 18)
        f.box(f"e{j}", x, 380, 80, 46, f"e_{j + 1}", "key", 19)
        f.arrow(f"P{j}.t", f"e{j}.b")
        if j:
            f.arrow(f"e{j - 1}.r", f"e{j}.l")
    f.note(470, 497, "p_j = W_e P_j + b_e   (1)", 16)
    for i in range(3):
        x = 520 + i * 145
        f.box(f"d{i}", x, 380, 84, 46, f"d_{i + 1}", "query", 19)
        f.box(f"C{i}", x, 110, 84, 42, f"C_{i + 1} = {[2, 4, 1][i]}", "read", 16)
        if i:
            f.arrow(f"d{i - 1}.r", f"d{i}.l")
            f.arrow(f"C{i - 1}.r", f"d{i}.t0.75", via=[(x - 20, 131), (x - 20, 350), (x + 63, 350)], dash=True)
    f.arrow("e3.r", "d0.l", "d_0 = e_n", shift=(0, -14))
    values = [[0.05, 0.8, 0.1, 0.05], [0.1, 0.02, 0.08, 0.8], [0.78, 0.02, 0.18, 0.02]]
    for i in range(3):
        x = 520 + i * 145
        f.bars(f"u{i}", x + 1, 205, values[i], "weight", 17, 70, 4)
        f.arrow(f"d{i}.t0.4", (x + 33.6, 282))
        f.arrow((x + 42, 200), f"C{i}.b")
    for j in range(4):
        f.arrow(f"e{j}.t", (80 + j * 108, 322), head=False)
    f.line((80, 322), (404, 322), (404, 245), colour="#222222", wide=1.8)
    f.arrow((404, 245), (512, 245))
    f.note(412, 236, "to all u_i", 15)
    f.note(40, 232, "u_{ij} = v^⊤ tanh(W_1 e_j + W_2 d_i)", 17)
    f.note(40, 262, "p(C_i = j) = softmax_j(u_i)   (4)", 17)
    f.note(40, 130, "The weights are the answer:", 17)
    f.note(40, 156, "no vocabulary, nothing is read.", 17)
    f.note(520, 84, "dashed: the chosen point is the next input (3)", 16)
    return f


def read_process_write():
    f = Figure(
        "read-process-write",
        "Read, process, write: a set has no order",
        "Each item becomes a memory by itself. A cell without input asks the memories P times; what it reads becomes part of its "
        "state. After P steps a pointer decoder writes.",
    )
    f.frame(30, 62, 180, 440, "read (1)")
    for i in range(4):
        y = 112 + i * 94
        f.box(f"x{i}", 44, y, 60, 44, f"x_{i + 1}", "input", 18)
        f.box(f"m{i}", 132, y, 64, 44, f"m_{i + 1}", "memory", 18)
        f.arrow(f"x{i}.r", f"m{i}.l")
    f.frame(250, 62, 430, 440, "process, P times")
    f.box("q", 300, 390, 100, 50, "q_t", "query", 20)
    f.box("e", 300, 270, 100, 46, "e_{i,t}", "score", 19)
    f.box("a", 300, 160, 100, 46, "a_{i,t}", "weight", 19)
    f.box("r", 540, 160, 100, 46, "r_t", "read", 20)
    f.box("qr", 520, 390, 140, 50, "q*_t = [q_t ; r_t]", "read", 15)
    f.arrow("q.t", "e.b")
    f.arrow("e.t", "a.b")
    f.arrow("a.r", "r.l", "Σ_i a m_i  (6)", shift=(0, -18))
    f.arrow("r.b", "qr.t0.5")
    f.arrow("q.r", "qr.l")
    f.note(412, 300, "m_i · q_t   (4)", 16)
    f.note(412, 240, "softmax   (5)", 16)
    f.arrow("qr.b", "q.b", "LSTM, next step (3)", via=[(590, 474), (350, 474)])
    for i in range(4):
        f.arrow(f"m{i}.r", (228, 134 + i * 94), head=False)
    f.line((228, 134), (228, 416), colour="#222222", wide=1.8)
    f.arrow((228, 293), "e.l")
    f.box("w", 740, 380, 180, 70, "pointer decoder\nover m   (8)", "key", 18)
    f.arrow("qr.r", "w.l", "q*_P", shift=(6, -16))
    f.note(730, 150, "Sums over i have no\norder, so neither has\nwhat is read.", 17)
    return f


def snail():
    f = Figure(
        "snail",
        "SNAIL: causal convolutions, then attention",
        "A TCBlock is a stack of causal convolutions whose dilation doubles, so a step meets all earlier ones after log T layers. An "
        "AttentionBlock picks out of them. Each block keeps its input and adds channels.",
    )
    n = 8
    at = lambda t: 70 + t * 68
    for level, (y, name, R) in enumerate([(450, "X", 0), (360, "R = 1", 1), (270, "R = 2", 2), (180, "R = 4", 4)]):
        for t in range(n):
            kind = "input" if level == 0 else "key"
            f.box(f"{level}.{t}".replace(".", "_"), at(t), y, 44, 34, f"x_{t + 1}" if level == 0 else "", kind, 15)
            if level:
                for s in (t, t - R):
                    if s >= 0:
                        strong = (level, t) in {(3, 7), (2, 7), (2, 3), (1, 7), (1, 5), (1, 3), (1, 1)}
                        f.line(
                            (at(s) + 22, y + 90),
                            (at(t) + 22, y + 34),
                            colour="#1f5c99" if strong else "#c4c4c4",
                            wide=2 if strong else 1,
                        )
        f.note(628, y + 24, name if level else "input", 16)
    f.note(70, 150, "TCBlock (3): DenseBlocks with R = 1, 2, 4, ..: step 8 has met steps 1 to 8", 16)
    f.box("att", 70, 78, 530, 44, "AttentionBlock: A = softmax(causal(q k^⊤ / √K)),  [X ; A v]", "weight", 16)
    f.note(606, 106, "(4), (5), (6)", 16)
    f.box("dense", 730, 200, 200, 190, "", "op")
    f.note(745, 226, "DenseBlock (1), (2)", 16)
    f.note(745, 262, "f, g = W_0 x_{t-R}", 16)
    f.note(745, 288, "        + W_1 x_t + b", 16)
    f.note(745, 324, "[X ; tanh(f) ⊙ σ(g)]", 16)
    f.note(745, 366, "keeps X, adds channels", 14)
    f.note(70, 512, "Nothing looks ahead; every block adds channels and takes none away.", 17)
    return f


def reader():
    f = Figure(
        "reader",
        "The attentive reader",
        "Bidirectional LSTMs read document and question. The question's two ends are one vector u, the query; each token of the "
        "document gets a weight; what is read and the question together name the entity.",
    )
    for t in range(5):
        x = 40 + t * 104
        f.box(f"d{t}", x, 470, 78, 40, ["@e2", "bought", "the", "lamp", "."][t], "input", 17)
        f.box(f"y{t}", x, 384, 78, 44, f"y_d({t + 1})", "key", 17)
        f.box(f"s{t}", x, 250, 78, 42, f"s({t + 1})", "weight", 17)
        f.arrow(f"d{t}.t", f"y{t}.b")
        f.arrow(f"y{t}.t", f"s{t}.b")
        f.arrow(f"s{t}.t", (x + 39, 206), head=False)
    f.line((79, 206), (495, 206), colour="#222222", wide=1.8)
    for t in range(4):
        f.arrow(f"y{t}.r0.3", f"y{t + 1}.l0.3")
        f.arrow(f"y{t + 1}.l0.72", f"y{t}.r0.72")
    f.box("r", 242, 110, 90, 48, "r   (5)", "read", 19)
    f.arrow((287, 206), "r.b")
    for i in range(3):
        x = 620 + i * 104
        f.box(f"q{i}", x, 470, 78, 40, ["@x", "has", "it"][i], "input", 17)
        f.box(f"yq{i}", x, 384, 78, 44, f"y_q({i + 1})", "key", 17)
        f.arrow(f"q{i}.t", f"yq{i}.b")
    for i in range(2):
        f.arrow(f"yq{i}.r0.3", f"yq{i + 1}.l0.3")
        f.arrow(f"yq{i + 1}.l0.72", f"yq{i}.r0.72")
    f.box("u", 714, 250, 100, 46, "u   (2)", "query", 19)
    f.arrow("yq0.t", "u.b0.25")
    f.arrow("yq2.t", "u.b0.75")
    f.line((714, 273), (600, 273), (600, 340), (55, 340), colour="#222222", wide=1.8)
    for t in range(5):
        f.arrow((55 + t * 104, 340), (55 + t * 104, 292))
    f.note(40, 82, "m(t) = tanh(W_{ym} y_d(t) + W_{um} u)   (3),   s(t) ∝ exp(w_{ms}^⊤ m(t))   (4)", 17)
    f.box("g", 540, 110, 90, 48, "g   (10)", "op", 18)
    f.arrow("r.r", "g.l")
    f.arrow("u.t", "g.b", via=[(764, 206), (585, 206)])
    f.box("a", 740, 110, 180, 48, "p(a | d, q)   (11)", "read", 17)
    f.arrow("g.r", "a.l")
    return f


def beam():
    f = Figure(
        "beam",
        "Beam search: the two best beginnings at every step",
        "From the begin mark three continuations with their probabilities; the two best are kept. Each is continued, the products "
        "are compared, and the two best of all are kept. A sentence that ends keeps its place. Greedy search follows the best single "
        "step and ends with a less probable sentence.",
    )
    f.box("begin", 30, 250, 100, 50, "begin", "input", 18)
    first = [("a", "0.5", 90, True), ("b", "0.4", 300, True), (".", "0.1", 470, False)]
    second = {
        "a": [("a  0.3", "0.15", 62, False), ("b  0.3", "0.15", 116, False), (".  0.4", "0.20", 170, True)],
        "b": [("a  0.05", "0.02", 272, False), ("b  0.05", "0.02", 326, False), (".  0.9", "0.36", 380, True)],
    }
    for word, p, y, kept in first:
        f.box(
            "w" + word.replace(".", "end"),
            260,
            y,
            120,
            46,
            f"{word}   {p}",
            "weight" if kept else "input",
            18,
            dash=not kept,
        )
        f.arrow("begin.r", f"w{word.replace('.', 'end')}.l", mid=0.5)
        for label, total, top, live in second.get(word, []):
            name = word + label[0].replace(".", "end")
            f.box(name, 520, top, 120, 42, label, "weight" if live else "input", 17, dash=not live)
            f.arrow(f"w{word}.r", f"{name}.l", mid=0.5)
            f.note(660, top + 28, total + ("   ended" if live else ""), 17)
    f.note(780, 408, "returned (3)", 17)
    f.note(780, 198, "greedy (1)", 17)
    f.note(420, 470, "violet: kept, a width of 2; dashed: dropped", 17)
    f.note(420, 500, "Greedy takes a, the best word, and ends with 0.20.", 17)
    return f


FIGURES = [beam, transformer, norms, lstmn, feed_forward, pointer, read_process_write, snail, reader]
