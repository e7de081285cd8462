"""Memories: hops, the Neural Turing Machine and its addressing, the DNC, stacks."""

from figure import Figure


def hops():
    f = Figure(
        "memory-network",
        "End-to-end memory network: one question, several hops",
        "Each sentence becomes a memory vector for comparing and one for reading. The question weighs the first, reads the second, "
        "and what was read is added to the question, which asks again. After the last hop comes the answer.",
    )
    for i in range(3):
        y = 96 + i * 100
        f.box(f"x{i}", 30, y, 210, 46, ["Mary got the football", "John went away", "Mary went back"][i], "input", 15)
        f.box(f"m{i}", 330, y - 14, 74, 36, f"m_{i + 1}", "key", 17)
        f.box(f"c{i}", 330, y + 28, 74, 36, f"c_{i + 1}", "value", 17)
        f.arrow(f"x{i}.r0.3", f"m{i}.l", "A  (2)" if i == 0 else "", shift=(0, -26))
        f.arrow(f"x{i}.r0.7", f"c{i}.l", "C  (3)" if i == 0 else "", shift=(-4, 26))
        f.box(f"p{i}", 470, y - 14, 74, 36, f"p_{i + 1}", "weight", 17)
        f.arrow(f"m{i}.r", f"p{i}.l")
    f.box("o", 640, 208, 70, 46, "o", "read", 20)
    for i in range(3):
        f.arrow(f"p{i}.r", "o.l", mid=0.42)
    for i in range(3):
        f.arrow(f"c{i}.r", (610, 142 + i * 100), head=False)
    f.line((610, 142), (610, 342), colour="#2a7a35", wide=1.8)
    f.arrow((610, 270), (675, 254), via=[(675, 270)], colour="#2a7a35")
    f.note(660, 180, "o = Σ_i p_i c_i   (6)", 16)
    f.note(430, 66, "p = softmax(u^⊤ m_i)   (5)", 16)
    f.box("q", 30, 440, 210, 46, "Where is the football?", "input", 15)
    f.box("u", 330, 440, 74, 46, "u^1", "query", 19)
    f.arrow("q.r", "u.l", "B  (4)", shift=(0, -14))
    f.line((404, 463), (440, 463), (440, 118 - 10), colour="#b35c00", wide=1.8)
    for i in range(3):
        f.arrow((440, 108 + i * 100), (470, 108 + i * 100), colour="#b35c00")
    f.circle("+", 675, 463, 18, "+")
    f.arrow("u.r0.5", "+.l")
    f.arrow("o.r", "+.r", via=[(740, 231), (740, 463)])
    f.note(420, 510, "next hop (7): u^{k+1} = u^k + o^k asks again, with A, C of its own", 16)
    f.box("z", 790, 380, 150, 56, "â = softmax(W u)\n(8)", "read", 15)
    f.arrow("+.t", "z.l", "after the last hop", via=[(675, 408)], at=0.2, shift=(-84, 0))
    return f


def addressing():
    f = Figure(
        "ntm-addressing",
        "NTM: where a head stands, in four stages",
        "By content, interpolate, shift, sharpen. Bars over memory slots show the weights after each stage: by content they stand on "
        "the slot that resembles the key; the gate mixes them with the weights of the step before; the shift moves them by one "
        "slot; sharpening takes back the blur.",
    )
    content = [0.05, 0.08, 0.75, 0.08, 0.04, 0.0, 0.0]
    before = [0.0, 0.0, 0.0, 0.05, 0.9, 0.05, 0.0]
    g = 0.3
    mixed = [g * a + (1 - g) * b for a, b in zip(content, before)]
    s = {0: 0.1, 1: 0.8, -1: 0.1}
    n = len(mixed)
    shifted = [sum(mixed[j] * s.get((i - j + n // 2) % n - n // 2, 0) for j in range(n)) for i in range(n)]
    sharp = [w**3 for w in shifted]
    sharp = [w / sum(sharp) for w in sharp]
    for k, (title, values, gives, formula) in enumerate(
        [
            ("content", content, "w^c", "softmax(β K(k, M))   (5), (6)"),
            ("interpolate", mixed, "w^g", "g w^c + (1 - g) w_{t-1}   (7)"),
            ("shift", shifted, "w̃", "Σ_j w^g(j) s((i - j) mod N)   (8)"),
            ("sharpen", sharp, "w", "w̃(i)^γ / Σ_j w̃(j)^γ   (9)"),
        ]
    ):
        y = 66 + k * 116
        f.box(f"t{k}", 200, y + 22, 150, 52, title, "op", 19)
        f.bars(f"b{k}", 420, y, values, "weight", 24, 90, 4)
        f.note(640, y + 34, f"{gives}(i) =" if gives != "w" else "w(i) =", 18)
        f.note(640, y + 64, formula, 18)
        f.arrow(f"t{k}.r", (410, y + 48))
        if k:
            f.arrow(f"t{k - 1}.b", f"t{k}.t")
    for k, (label, y) in enumerate([("key k, strength β", 0), ("gate g, w_{t-1}", 1), ("shifts s", 2), ("γ", 3)]):
        yy = 66 + k * 116
        f.box(f"in{k}", 20, yy + 26, 140, 44, label, "query" if k == 0 else "input", 14)
        f.arrow(f"in{k}.r", f"t{k}.l")
    return f


def ntm():
    f = Figure(
        "ntm",
        "The Neural Turing Machine: a controller, heads, a memory",
        "The controller sees the input and what was read at the step before, and gives write head and read head their parameters. The "
        "write head erases and adds, then the read head reads; what it reads goes to the output and to the next step.",
    )
    f.box("c", 90, 240, 170, 90, "controller", "op", 20)
    f.box("x", 90, 450, 170, 48, "x_t", "input", 20)
    f.arrow("x.t", "c.b")
    f.box("rp", 90, 380, 70, 40, "r_{t-1}", "read", 17)
    f.arrow((125, 380), (125, 330))
    f.box("y", 90, 76, 170, 48, "o_t", "input", 20)
    f.note(272, 96, "W_o [h_t ; r_t] + b_o", 16)
    f.arrow("c.t", "y.b")
    f.box("w", 360, 120, 170, 70, "write head\nw_t   (5)-(9)", "weight", 17)
    f.box("r", 360, 380, 170, 70, "read head\nw_t   (5)-(9)", "weight", 17)
    f.arrow("c.r0.3", "w.l")
    f.arrow("c.r0.7", "r.l")
    f.text(320, 222, "k, β, g, s, γ, e, a", 16, over=True)
    f.text(320, 354, "k, β, g, s, γ", 16, over=True)
    rows = [
        [0.1, 0.05, 0.1, 0.08],
        [0.5, 0.1, 0.6, 0.2],
        [0.2, 0.7, 0.1, 0.5],
        [0.7, 0.3, 0.4, 0.1],
        [0.05, 0.1, 0.05, 0.1],
        [0.1, 0.05, 0.08, 0.05],
    ]
    f.cells("M", 660, 150, rows, "memory", 46, 38)
    f.note(660, 136, "memory M_t, N slots", 17)
    f.note(852, 264, "M_t(i)", 16)
    f.arrow("w.r", "M.l0.2", mid=0.5)
    f.arrow("M.l0.8", "r.r", mid=0.5)
    f.note(555, 100, "erase: M_{t-1}(i) ⊙ (1 - w_t(i) e_t)   (3)", 16)
    f.note(555, 76, "first the write, then the read", 16)
    f.note(660, 400, "add: + w_t(i) a_t   (4)", 16)
    f.box("rt", 390, 480, 110, 44, "r_t", "read", 19)
    f.arrow("r.b", "rt.t")
    f.note(520, 508, "r_t = Σ_i w_t(i) M_t(i)   (2)", 17)
    f.arrow("rt.l", "rp.l", "next step", via=[(300, 502), (300, 516), (50, 516), (50, 400)], dash=True)
    return f


def dnc():
    f = Figure(
        "dnc",
        "The differentiable neural computer: three ways to a slot",
        "Writing: allocation finds a free slot by usage, content finds a slot by its key, and gates mix them. The write also makes "
        "links, which keep the order. Reading: backward along the links, by content, or forward along the links.",
    )
    f.box("c", 30, 230, 140, 80, "controller\nh", "op", 18)
    f.frame(215, 62, 300, 220, "write")
    f.box("u", 235, 100, 120, 46, "usage u  (2)", "memory", 15)
    f.box("a", 370, 100, 136, 46, "allocation a  (3)", "weight", 13)
    f.arrow("u.r", "a.l")
    f.box("cw", 235, 210, 120, 46, "content c^w  (4)", "weight", 13)
    f.box("ww", 420, 206, 80, 54, "w^w  (5)", "weight", 15)
    f.arrow((462, 146), (462, 206))
    f.arrow("cw.r", "ww.l")
    f.note(372, 190, "g^w, g^a", 15)
    f.frame(215, 300, 300, 222, "read")
    for i, (label, y) in enumerate([("backward  L^⊤ w", 334), ("content, key k^r", 394), ("forward  L w", 454)]):
        f.box(f"r{i}", 235, y, 150, 44, label, "weight", 15)
        f.arrow(f"r{i}.r", (420, y + 22), f"π_{i + 1}", at=0.5, size=14, shift=(-2, -12))
    f.box("wr", 420, 334, 82, 164, "w^{r}  (9)", "weight", 15)
    rows = [[0.3, 0.1, 0.5], [0.6, 0.2, 0.1], [0.1, 0.5, 0.4], [0.05, 0.05, 0.05], [0.05, 0.05, 0.05]]
    f.cells("M", 640, 120, rows, "memory", 46, 34)
    f.note(640, 106, "M   (6)", 17)
    f.arrow("ww.r", "M.l", mid=0.4)
    links = [[0, 0, 0, 0, 0], [0.9, 0, 0, 0, 0], [0, 0.9, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    f.cells("L", 640, 345, links, "key", 28, 28)
    f.note(640, 332, "links L   (7)", 17)
    f.arrow("ww.r0.8", "L.l0.15", mid=0.55)
    f.arrow("L.l", "wr.r0.494", dash=True)
    f.note(796, 380, "1 at [i, j]: slot i", 15)
    f.note(796, 402, "was written right", 15)
    f.note(796, 424, "after slot j", 15)
    f.note(800, 150, "write where", 16)
    f.note(800, 172, "w^w points", 16)
    f.box("o", 540, 466, 90, 48, "r, o  (10)", "read", 14)
    f.arrow("wr.r0.95", "o.l")
    f.arrow((170, 250), (215, 250))
    f.arrow((170, 290), (215, 310), via=[(192, 290), (192, 310)])
    f.note(30, 350, "free gates f, with what", 15)
    f.note(30, 370, "was read: retention", 15)
    f.note(30, 390, "ψ (1) lets slots go", 15)
    f.note(650, 512, "p, the slot written last   (8)", 15)
    return f


def stack():
    f = Figure(
        "stack-rnn",
        "Stack RNN: push, pop or stay, in three weights",
        "The hidden state decides how much to push, to pop, or to leave. The new stack is the sum of three stacks: one moved down with a "
        "new top, one moved up, one as it was, each times its weight.",
    )
    f.box("x", 30, 440, 90, 46, "x_t", "input", 19)
    f.box("h", 30, 310, 90, 56, "h_t  (1)", "query", 18)
    f.arrow("x.t", "h.b")
    f.box("a", 180, 290, 130, 42, "a_t  (2)", "weight", 18)
    f.box("v", 180, 350, 130, 42, "v_t  (2)", "value", 18)
    f.arrow("h.r0.35", "a.l", mid=0.5)
    f.arrow("h.r0.65", "v.l", mid=0.5)

    def column(x, labels, title, kind="memory", y=150):
        for i, label in enumerate(labels):
            f.box(f"{title}{i}", x, y + i * 46, 88, 46, label, kind if label != "v_t" else "value", 16, round=2)
        f.text(x + 44, y - 14, title, 16)

    column(370, ["s[0]", "s[1]", "s[2]", "s[3]"], "s_{t-1}")
    column(520, ["v_t", "s[0]", "s[1]", "s[2]"], "a[PUSH] ×")
    column(650, ["s[1]", "s[2]", "s[3]", "-1"], "a[POP] ×")
    column(780, ["s[0]", "s[1]", "s[2]", "s[3]"], "a[NO-OP] ×")
    f.text(629, 250, "+", 24)
    f.text(759, 250, "+", 24)
    f.arrow((462, 242), (512, 242))
    f.note(880, 250, "= s_t", 20)
    f.note(370, 80, "s_t[i] = a[PUSH] s_{t-1}[i-1] + a[POP] s_{t-1}[i+1] + a[NO-OP] s_{t-1}[i]   (3)", 15)
    f.line((310, 311), (340, 311), (340, 380), (824, 380), colour="#6a3fa0", wide=1.8)
    for x in (564, 694, 824):
        f.arrow((x, 380), (x, 336), colour="#6a3fa0")
    f.arrow("v.r", "a[PUSH] ×0.l", via=[(330, 371), (330, 408), (488, 408), (488, 173)], colour="#2a7a35")
    f.arrow("s_{t-1}0.l", "h.t", "upper k cells", via=[(75, 173)], dash=True, at=0.45)
    f.note(150, 470, "v_t stands above the top, -1 below the last cell: an empty cell.", 17)
    f.note(150, 498, "All three weights are soft, so how to move is learned by gradient.", 17)
    return f


FIGURES = [hops, addressing, ntm, dnc, stack]
