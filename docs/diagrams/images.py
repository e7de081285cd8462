"""Attention over images: captions, RAM, DRAW, spatial transformer, SAGAN, HART."""

import math

from figure import Figure


def _digit(f, x, y, size, colour="#444444", turn=0.0, wide=9):
    """A hand-drawn 5 in a square of that size, perhaps turned."""
    strokes = [(0.7, 0.15), (0.35, 0.15), (0.3, 0.45), (0.55, 0.42), (0.7, 0.58), (0.62, 0.8), (0.3, 0.85)]
    c, s = math.cos(turn), math.sin(turn)
    points = [
        (x + size * (0.5 + c * (u - 0.5) - s * (v - 0.5)), y + size * (0.5 + s * (u - 0.5) + c * (v - 0.5)))
        for u, v in strokes
    ]
    path = "M" + " L".join(f"{a:.1f} {b:.1f}" for a, b in points)
    f.shapes.append(
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{wide}" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
    )


def captions():
    f = Figure(
        "captions",
        "Captions: look at the image anew for every word",
        "A convolutional network makes a grid of vectors a. The LSTM's state asks every place; soft attention reads the mixture, hard "
        "attention one place that is drawn. A gate lets it through, and with the last word it gives the next one.",
    )
    f.box("img", 30, 180, 170, 170, "", "input", round=4)
    f.shapes.append(
        '<rect x="55" y="215" width="44" height="44" fill="#2a7a35"/><circle cx="148" cy="300" r="26" fill="#d9b400"/>'
    )
    f.note(30, 376, "image", 17)
    grid = [[0.08, 0.1, 0.06, 0.05], [0.9, 0.35, 0.05, 0.05], [0.15, 0.1, 0.08, 0.1], [0.05, 0.05, 0.1, 0.08]]
    f.cells("a", 270, 191, [[0.3] * 4 for _ in range(4)], "key", 37, 37)
    f.note(270, 364, "a_1 .. a_L", 18)
    f.arrow("img.r", "a.l", "CNN", shift=(-9, -14), size=15)
    f.cells("alpha", 270, 66, grid, "weight", 26, 22)
    f.note(385, 98, "α_t = align(v^⊤ tanh(W_a a_i + W_q h_{t-1}))   (2)", 16)
    f.arrow((320, 191), (320, 156))
    f.box("h0", 30, 440, 110, 48, "h_{t-1}", "query", 19)
    f.arrow("h0.t", "alpha.l", via=[(85, 408), (254, 408), (254, 110)])
    f.box("soft", 500, 132, 190, 48, "soft: Σ_i α_{ti} a_i", "read", 17)
    f.box("hard", 500, 292, 190, 48, "hard: a at s_t ~ α_t", "read", 16)
    f.arrow("a.r0.3", "soft.l", mid=0.5)
    f.arrow("a.r0.7", "hard.l", mid=0.5)
    f.box("z", 760, 212, 130, 48, "ẑ_t   (4)", "read", 18)
    f.arrow("soft.r", "z.t", mid=0.5)
    f.arrow("hard.r", "z.b", mid=0.5)
    f.note(520, 242, "either one, times the gate", 16)
    f.note(520, 266, "β_t = σ(w_β h_{t-1} + b_β)   (3)", 16)
    f.box("lstm", 500, 430, 190, 60, "LSTM   (5)", "op", 19)
    f.box("E", 270, 474, 130, 42, "E y_{t-1}", "input", 18)
    f.arrow("E.r", "lstm.l0.75", mid=0.4)
    f.arrow("h0.r", "lstm.l0.3", via=[(200, 464), (200, 448)])
    f.arrow("z.r0.5", "lstm.t", via=[(915, 236), (915, 390), (595, 390)])
    f.box("y", 770, 436, 150, 48, "p(y_t)   (6)", "input", 18)
    f.arrow("lstm.r", "y.l", "h_t", shift=(0, -14))
    return f


def ram():
    f = Figure(
        "ram",
        "RAM: glimpse, think, choose where to look next",
        "The sensor cuts patches around a place l out of the image, at several scales. The glimpse network joins what and where, the "
        "core remembers, and from its state come the next place, drawn around a mean, the baseline and at the end the class.",
    )
    f.box("img", 30, 80, 230, 230, "", "input", round=4)
    _digit(f, 130, 110, 110)
    for s, size in enumerate((50, 100)):
        f.shapes.append(
            f'<rect x="{178 - size / 2}" y="{165 - size / 2}" width="{size}" height="{size}" fill="none" stroke="#b35c00" stroke-width="3"/>'
        )
    f.note(30, 334, "image x; l_t, with windows", 16)
    f.note(30, 356, "of g and 2g pixels (1)", 16)
    f.box("rho", 320, 120, 110, 56, "ρ_s   (2)", "value", 18)
    f.arrow((228, 148), "rho.l")
    f.box("hg", 480, 120, 120, 56, "h_g   (3)", "op", 18)
    f.box("hl", 480, 230, 120, 56, "h_l   (3)", "op", 18)
    f.arrow("rho.r", "hg.l")
    f.box("l", 320, 230, 110, 56, "l_t", "query", 20)
    f.arrow("l.r", "hl.l")
    f.box("G", 660, 175, 110, 56, "G   (4)", "op", 18)
    f.arrow("hg.r", "G.l", mid=0.5)
    f.arrow("hl.r", "G.l", mid=0.5)
    f.box("h", 830, 175, 104, 56, "h_t   (5)", "key", 18)
    f.arrow("G.r", "h.l")
    f.note(780, 160, "core, from h_{t-1}", 16)
    f.box("mu", 660, 380, 130, 50, "μ_t   (6)", "op", 18)
    f.arrow("h.b0.2", "mu.t", mid=0.75)
    f.box("s", 470, 380, 156, 50, "s_t ~ N(μ_t, σ² I)", "weight", 15)
    f.arrow("mu.l", "s.r")
    f.box("l2", 320, 380, 110, 50, "l_{t+1}", "query", 19)
    f.arrow("s.l", "l2.r", "cut", shift=(0, -14))
    f.arrow("l2.t", "l.b", "next glimpse", dash=True, shift=(-62, 0))
    f.box("p", 830, 380, 104, 50, "p(class) (7)", "read", 14)
    f.arrow("h.b0.5", "p.t")
    f.box("b", 660, 470, 130, 46, "b_t   (8)", "input", 18)
    f.arrow("h.b0.8", "b.r", via=[(913.2, 340), (948, 340), (948, 493)])
    f.note(30, 470, "The draw has no gradient: R - b_t makes places", 16)
    f.note(30, 494, "that were followed by a right answer more probable (9).", 16)
    return f


def draw():
    f = Figure(
        "draw",
        "DRAW: read a part, write a part, step by step",
        "Left the loop: the error image, read through a window, goes to the encoder, which gives a latent z; the decoder writes "
        "through a window of its own onto the canvas. Right the window: a grid of Gaussians with centre g, distance delta and width sigma.",
    )
    f.box("x", 24, 96, 90, 90, "", "input", round=2)
    _digit(f, 34, 106, 70, wide=7)
    f.note(58, 206, "x", 17)
    f.box("c0", 24, 300, 90, 90, "", "input", round=2)
    _digit(f, 34, 310, 70, "#b9b9b9", wide=11)
    f.note(40, 412, "c_{t-1}", 17)
    f.box("e", 150, 210, 90, 50, "x̂_t   (1)", "op", 16)
    f.arrow("x.r", "e.t", mid=0.5)
    f.arrow("c0.r", "e.b", "- σ(c)", at=0.35, shift=(10, 18), size=15)
    f.box("r", 275, 210, 90, 50, "read  (2)", "read", 16)
    f.arrow("e.r", "r.l")
    f.arrow("x.r0.15", "r.t", via=[(320, 109.5)])
    f.box("enc", 400, 210, 100, 50, "h^{enc}_t (3)", "key", 16)
    f.arrow("r.r", "enc.l")
    f.box("z", 400, 320, 100, 50, "z_t   (4)", "weight", 17)
    f.arrow("enc.b", "z.t")
    f.box("dec", 400, 430, 100, 50, "h^{dec}_t (5)", "query", 16)
    f.arrow("z.b", "dec.t")
    f.box("w", 250, 430, 110, 50, "write  (6)", "read", 16)
    f.arrow("dec.l", "w.r")
    f.box("c", 130, 430, 80, 50, "c_t", "input", 18)
    f.arrow("w.l", "c.r", "+", shift=(0, -14))
    f.arrow("dec.r", "r.b", "windows", via=[(528, 455), (528, 290), (320, 290)], dash=True, at=0.17, size=15)
    f.note(24, 512, "c_t is the canvas of the next step; σ(c_T) is the picture (7)", 16)
    f.frame(570, 62, 370, 460, "a window: F_Y, F_X   (9) to (11)")
    X, Y, S = 610, 100, 250
    f.box("img", X, Y, S, S, "", "input", round=2)
    _digit(f, X + 60, Y + 55, 150, "#cfcfcf", wide=18)
    gx, gy, delta = X + 140, Y + 120, 34
    for i in range(5):
        for j in range(5):
            f.shapes.append(
                f'<circle cx="{gx + (i - 2) * delta}" cy="{gy + (j - 2) * delta}" r="9" fill="#a83232" fill-opacity="0.28" stroke="#a83232"/>'
            )
    f.shapes.append(f'<circle cx="{gx}" cy="{gy}" r="4" fill="#a83232"/>')
    f.text(gx + 17, gy - 11, "g", 16)
    f.line((gx + delta, gy + 2 * delta + 20), (gx + 2 * delta, gy + 2 * delta + 20), colour="#222222", wide=2)
    f.text(gx + 1.5 * delta, gy + 2 * delta + 38, "δ", 17)
    f.note(868, 146, "N × N", 15)
    f.note(868, 168, "places", 15)
    curve = lambda m: [(X + u, 430 - 44 * math.exp(-(((X + u - m) / 12) ** 2))) for u in range(0, S + 1, 5)]
    for i in range(5):
        f.line(*curve(gx + (i - 2) * delta), colour="#a83232", wide=1.6)
    f.note(868, 420, "rows of F_X", 13)
    f.note(586, 466, "read = γ [F_Y x F_X^⊤ ; F_Y x̂ F_X^⊤]   (12)", 16)
    f.note(586, 498, "write = 1/γ F_Y^⊤ w F_X   (13)", 16)
    return f


def spatial_transformer():
    f = Figure(
        "spatial-transformer",
        "Spatial transformer: where each output pixel is read",
        "A localisation network finds theta. Theta moves a regular grid onto the image. At each place of the moved grid the image is read "
        "between the four pixels around it, which gives the upright result.",
    )
    f.box("U", 40, 90, 210, 210, "", "input", round=2)
    _digit(f, 70, 120, 150, turn=0.6, wide=14)
    f.note(40, 326, "image U", 18)
    c, s = math.cos(0.6), math.sin(0.6)
    for i in range(5):
        for j in range(5):
            u, v = (i - 2) * 32, (j - 2) * 32
            f.shapes.append(
                f'<circle cx="{145 + c * u - s * v:.1f}" cy="{195 + s * u + c * v:.1f}" r="4.5" fill="#a83232"/>'
            )
    f.box("loc", 320, 90, 170, 56, "f(U), then W_θ, b_θ", "op", 15)
    f.arrow((250, 118), "loc.l")
    f.box("theta", 560, 90, 110, 56, "θ   (1)", "query", 20)
    f.arrow("loc.r", "theta.l")
    f.box("grid", 540, 200, 150, 100, "", "op", round=2)
    for i in range(5):
        for j in range(5):
            f.shapes.append(f'<circle cx="{575 + i * 20}" cy="{210 + j * 20}" r="3.5" fill="#222222"/>')
    f.note(500, 326, "grid of places (x_t, y_t)", 16)
    f.arrow("grid.l", (225, 250), "T_θ   (2)", via=[], at=0.35, shift=(0, -16))
    f.arrow("theta.b", "grid.t")
    f.box("V", 740, 90, 190, 210, "", "read", round=2)
    _digit(f, 762, 118, 150, wide=14)
    f.note(740, 326, "result V   (3)", 18)
    f.arrow("grid.r", "V.l0.762")
    for i in range(2):
        f.line((70 + i * 60, 370), (70 + i * 60, 510))
        f.line((50, 390 + i * 70), (190, 390 + i * 70))
    for x, y in ((70, 390), (130, 390), (70, 460), (130, 460)):
        f.shapes.append(f'<circle cx="{x}" cy="{y}" r="7" fill="#1f5c99"/>')
    f.shapes.append('<circle cx="106" cy="418" r="7" fill="#a83232"/>')
    f.line((106, 418), (106, 390), colour="#a83232", dash=True)
    f.line((106, 418), (70, 418), colour="#a83232", dash=True)
    f.note(210, 400, "(3): each place (x_s, y_s) takes of the four pixels around it", 17)
    f.note(210, 430, "max(0, 1 - |x_s - m|) max(0, 1 - |y_s - n|)", 17)
    f.note(210, 460, "of each. Moved a little, it takes a little more of one side: that slope", 17)
    f.note(210, 490, "teaches θ. It reaches no further than the next pixel.", 17)
    return f


def sagan():
    f = Figure(
        "sagan",
        "SAGAN's block: pixels attend to pixels",
        "Three 1 by 1 convolutions give f, g and h for each pixel. Products of f and g give scores, softmax the weights; the sum of h by "
        "these weights, times gamma, is added to the input. Gamma starts at zero.",
    )
    f.cells(
        "x",
        40,
        190,
        [[0.15, 0.3, 0.2, 0.1], [0.3, 0.5, 0.2, 0.15], [0.2, 0.1, 0.4, 0.3], [0.1, 0.2, 0.3, 0.6]],
        "input",
        34,
        34,
    )
    f.note(40, 352, "x, N pixels", 17)
    for i, (name, kind, label) in enumerate(
        [("f", "key", "f = W_f x"), ("g", "query", "g = W_g x"), ("h", "value", "h = W_h x")]
    ):
        f.box(name, 250, 90 + i * 140, 150, 52, label, kind, 18)
        f.arrow("x.r", f"{name}.l", mid=0.5)
    f.note(250, 66, "1 × 1 convolutions (1)", 16)
    f.box("s", 460, 160, 120, 52, "s_{ij}   (2)", "score", 18)
    f.arrow("f.r", "s.t", mid=0.5)
    f.arrow("g.r", "s.b", mid=0.5)
    f.box("b", 630, 160, 110, 52, "β_{j,i}  (3)", "weight", 17)
    f.arrow("s.r", "b.l")
    f.box("o", 630, 370, 110, 52, "o_j   (4)", "read", 18)
    f.arrow("b.b", "o.t")
    f.arrow("h.r", "o.l", mid=0.5)
    f.circle("gam", 800, 396, 20, "×")
    f.arrow("o.r", "gam.l")
    f.box("gamma", 770, 300, 60, 44, "γ", "input", 20)
    f.arrow("gamma.b", "gam.t")
    f.circle("+", 890, 396, 20, "+")
    f.arrow("gam.r", "+.l")
    f.arrow((160, 326), "+.b", via=[(160, 470), (890, 470)])
    f.arrow("+.t", (890, 230))
    f.note(868, 216, "y  (5)", 18)
    f.note(752, 180, "for each j a map", 15)
    f.note(752, 202, "over all i", 15)
    f.note(40, 506, "γ starts at 0: at first the block gives x, and far pixels come in as γ grows.", 17)
    return f


def hart():
    f = Figure(
        "hart",
        "HART: a window that follows one thing",
        "A Gaussian crop of the frame goes through a ventral stream, what, and a dorsal stream, where, whose mask multiplies it. An LSTM "
        "follows; it moves the window of the next frame and gives the box.",
    )
    f.box("x", 30, 84, 220, 200, "", "input", round=2)
    _digit(f, 110, 150, 70, wide=8)
    _digit(f, 36, 90, 60, "#c8c8c8", turn=0.5, wide=7)
    f.shapes.append('<rect x="92" y="132" width="106" height="106" fill="none" stroke="#b35c00" stroke-width="3"/>')
    f.shapes.append('<rect x="122" y="154" width="48" height="62" fill="none" stroke="#a83232" stroke-width="3"/>')
    f.note(30, 310, "x_t; window a_t (orange),", 16)
    f.note(30, 332, "box b_t (red)", 16)
    f.box("g", 300, 156, 110, 56, "g_t   (1)", "value", 18)
    f.arrow((198, 184), "g.l")
    f.box("f", 450, 156, 90, 56, "f_t   (2)", "value", 18)
    f.arrow("g.r", "f.l")
    f.box("nu", 590, 90, 150, 50, "ν_t  what   (4)", "key", 16)
    f.box("s", 590, 226, 150, 50, "s_t  where   (3)", "weight", 16)
    f.arrow("f.r", "nu.l", mid=0.5)
    f.arrow("f.r", "s.l", mid=0.5)
    f.circle("m", 790, 184, 20, "⊙")
    f.arrow("nu.r", "m.t")
    f.arrow("s.r", "m.b")
    f.box("v", 840, 160, 94, 48, "v_t   (5)", "read", 17)
    f.arrow("m.r", "v.l")
    f.box("h", 800, 370, 134, 54, "h_t  LSTM  (6)", "query", 15)
    f.arrow((900, 208), (900, 370))
    f.arrow("h.t0.15", "s.b", via=[(820, 330), (665, 330)], dash=True)
    f.note(676, 354, "α_t = W_α h_{t-1}", 16)
    f.box("d", 590, 370, 160, 54, "Δa_t, Δb_t   (7)", "op", 17)
    f.arrow("h.l", "d.r")
    f.box("a", 360, 350, 160, 46, "a_{t+1}   (8)", "query", 18)
    f.box("b", 360, 420, 160, 46, "b_t   (9)", "read", 18)
    f.arrow("d.l", "a.r", mid=0.5)
    f.arrow("d.l", "b.r", mid=0.5)
    f.arrow("a.l", "g.b", "next frame", via=[(330, 373), (330, 260), (355, 260)], dash=True, at=0.45, shift=(-54, 0))
    f.note(30, 506, "⊕ moves a box in units of its own size; the crop has a gradient by where its window lies.", 16)
    return f


def windows():
    f = Figure(
        "windows",
        "What a place reads: Gaussian and bilinear",
        "Two curves over pixels around a place p. The Gaussian has weight everywhere and a slope that points to ink far away; the "
        "bilinear tent is zero beyond one pixel on each side, and so is its slope.",
        height=470,
    )
    left, step, base = 80, 50, 330
    p = left + 6.3 * step
    for a in range(17):
        kind = "weight" if a == 13 else "input"
        f.box(f"a{a}", left + a * step - 18, base + 12, 36, 36, "", kind, round=2)
    f.note(left + 13 * step - 14, base + 72, "ink I(a)", 16)
    f.line((p, 90), (p, base + 8), dash=True)
    f.text(p, base + 74, "p", 18)
    gauss = [
        (left + u / 10 * step, base - 170 * math.exp(-(((left + u / 10 * step - p) / step) ** 2) / 18))
        for u in range(0, 161)
    ]
    f.line(*gauss, colour="#a83232", wide=2.4)
    tent = [(left, base), (p - step, base), (p, base - 210), (p + step, base), (left + 16 * step, base)]
    f.line(*tent, colour="#1f5c99", wide=2.4)
    f.text(510, 100, "bilinear (3): max(0, 1 - |a - p|)", 18, "start", colour="#1f5c99")
    f.text(510, 130, "no weight and no slope at the ink", 17, "start", colour="#1f5c99")
    f.text(590, 200, "Gaussian (2): exp(-(a - p)² / (2σ²)) / Z", 16, "start", colour="#a83232")
    f.text(590, 228, "a small slope says: to the right", 16, "start", colour="#a83232")
    f.note(60, 448, "Four numbers (two along each axis) against filters as long as the image is wide.", 17)
    return f


FIGURES = [windows, captions, ram, draw, spatial_transformer, sagan, hart]
