// What is worked out beside the picture, as MathML, with the meaning of its symbols. The equations are those of the
// headers in layers/attention and layers/memory/ntm.h.
'use strict';
const o = x => /^[()[\]|‖]$/.test(x) ? `<mo stretchy="false">${x}</mo>` : `<mo>${x}</mo>`;
const i = x => `<mi>${x}</mi>`, up = x => `<mi mathvariant="normal">${x}</mi>`, n = x => `<mn>${x}</mn>`;
const row = (...x) => `<mrow>${x.join('')}</mrow>`;
const sub = (x, y) => `<msub>${x}${y}</msub>`, sup = (x, y) => `<msup>${x}${y}</msup>`;
const both = (x, y, z) => `<msubsup>${x}${y}${z}</msubsup>`;
const over = (x, y) => `<mfrac>${row(x)}${row(y)}</mfrac>`;
const bold = x => `<mi mathvariant="bold">${x}</mi>`;
const fun = (name, ...x) => `${up(name)}${o('(')}${x.join('')}${o(')')}`;
const tall = (name, ...x) => row(up(name), '<mo>(</mo>', ...x, '<mo>)</mo>');
const sum = (under, ...x) => `<munder>${o('∑')}${row(under)}</munder>${x.join('')}`;
const T = up('T');
const math = (x, block = false) => `<math${block ? ' display="block"' : ''}><mrow>${x}</mrow></math>`;

const q = sub(i('q'), i('i')), qT = both(i('q'), i('i'), T), k = sub(i('k'), i('j')), e = sub(i('e'), row(i('i'), i('j')));
const ei = sub(i('e'), i('i')), a = sub(i('α'), row(i('i'), i('j'))), ai = sub(i('α'), i('i')), p = sub(i('p'), i('i'));
const exp = x => sup(up('e'), row(x));
const softmax = fun('softmax', ei);
const vT = x => both(i('v'), i(x), T);

const queryAndKey = [
  [q, 'query: the decoder’s state as it gives letter i'],
  [k, 'key: what the encoder knows of letter j of the source'],
  [e, 'score of j for i; any number'],
];
const kScoreFormulas = {
  additive: ['Additive score', 'Bahdanau, Cho, Bengio 2014',
    [`${e}${o('=')}${vT('a')}${up('tanh')}${o('(')}${sub(i('W'), i('a'))}${q}${o('+')}${sub(i('U'), i('a'))}${k}${o(')')}`],
    [[`${sub(i('W'), i('a'))}${o(',')}${sub(i('U'), i('a'))}`, 'matrices that are learned'], [sub(i('v'), i('a')), 'a vector that is learned']]],
  dot: ['Dot product', 'Luong, Pham, Manning 2015', [`${e}${o('=')}${qT}${k}`], []],
  'scaled-dot': ['Scaled dot product', 'Vaswani et al. 2017', [`${e}${o('=')}${over(`${qT}${k}`, `<msqrt>${i('D')}</msqrt>`)}`],
    [[i('D'), 'how many numbers a query has']]],
  general: ['General score', 'Luong, Pham, Manning 2015', [`${e}${o('=')}${qT}${sub(i('W'), i('a'))}${k}`],
    [[sub(i('W'), i('a')), 'a matrix that is learned']]],
  concat: ['Concat score', 'Luong, Pham, Manning 2015',
    [`${e}${o('=')}${vT('a')}${up('tanh')}${o('(')}${sub(i('W'), i('a'))}${o('[')}${q}${o(';')}${k}${o(']')}${o(')')}`],
    [[`${sub(i('W'), i('a'))}${o(',')}${sub(i('v'), i('a'))}`, 'learned']]],
  cosine: ['Cosine score', 'Graves, Wayne, Danihelka 2014', [`${e}${o('=')}${i('β')}${over(`${qT}${k}`, `${o('‖')}${q}${o('‖')}${o('‖')}${k}${o('‖')}`)}`],
    [[i('β'), 'strength, learned, above 0']]],
  location: ['Location', 'Luong, Pham, Manning 2015', [`${ei}${o('=')}${sub(i('W'), i('a'))}${q}`],
    [[sub(i('W'), i('a')), 'learned: a row for each place; what stands there is not looked at']]],
};

const share = [[a, 'weight: the share of letter j in what is read for letter i']];
const kAlignFormulas = {
  soft: ['Soft alignment', 'Bahdanau, Cho, Bengio 2014',
    [`${a}${o('=')}${over(exp(e), sum(i('k'), exp(sub(i('e'), row(i('i'), i('k'))))))}`], []],
  'local-m': ['Local, monotonic', 'Luong, Pham, Manning 2015',
    [`${p}${o('=')}${i('i')}`, `${ai}${o('=')}${up('softmax')}${o('(')}${e}${o(')')}${o(',')}<mspace width=".5em"/>${o('|')}${i('j')}${o('−')}${p}${o('|')}${o('≤')}${i('D')}`],
    [[p, 'centre of the window: as far on as the answer is'], [i('D'), 'half the window, here 4; what lies outside has weight 0']]],
  'local-p': ['Local, predictive', 'Luong, Pham, Manning 2015',
    [`${p}${o('=')}${o('(')}${i('T')}${o('−')}${n(1)}${o(')')}${i('σ')}${o('(')}${vT('p')}${up('tanh')}${o('(')}${sub(i('W'), i('p'))}${q}${o(')')}${o(')')}`,
     `${a}${o('=')}${up('softmax')}${o('(')}${e}${o(')')}<mspace width=".2em"/>${exp(row(o('−'), sup(row(o('('), i('j'), o('−'), p, o(')')), n(2)), o('/'), n(2), sup(sub(i('σ'), i('w')), n(2))))}`],
    [[p, 'centre of the window, learned'], [sub(i('σ'), i('w')), 'half of D; the softmax is over the D = 4 to either side of p']]],
  hard: ['Hard alignment', 'Xu et al. 2015',
    [`${sub(i('s'), i('i'))}${o('∼')}${fun('Categorical', softmax)}`, `${ai}${o('=')}${fun('onehot', sub(i('s'), i('i')))}`],
    [[sub(i('s'), i('i')), 'the one letter that is read; drawn in training, the likeliest in the picture. The scores learn by the score function']]],
  'straight-through': ['Straight-through', 'Bengio, Léonard, Courville 2013',
    [`${ai}${o('=')}${fun('onehot', up('argmax'), o('<!---->'), ei)}`, `${o('∂')}${ai}${o('≔')}${o('∂')}${softmax}`],
    [[o('∂'), 'the gradient goes back as if the choice were soft']]],
  gumbel: ['Gumbel-softmax', 'Jang et al.; Maddison et al. 2016',
    [`${ai}${o('=')}${fun('softmax', o('('), ei, o('+'), i('g'), o(')'), o('/'), i('τ'))}`, `${sub(i('g'), i('j'))}${o('=')}${o('−')}${fun('log', o('−'), fun('log', sub(i('u'), i('j'))))}`],
    [[i('u'), 'uniform in (0, 1), in training alone'], [i('τ'), 'temperature, here 1']]],
  'gumbel-hard': ['Gumbel-softmax, hard', 'Jang et al.; Maddison et al. 2016',
    [`${i('y')}${o('=')}${fun('softmax', o('('), ei, o('+'), i('g'), o(')'), o('/'), i('τ'))}`, `${ai}${o('=')}${fun('onehot', up('argmax'), i('y'))}`],
    [[i('g'), 'Gumbel noise, in training alone'], [i('τ'), 'temperature, here 1; the gradient is that of y']]],
  pointer: ['Pointer', 'Vinyals, Fortunato, Jaitly 2015',
    [`${up('log')}${a}${o('=')}${e}${o('−')}${up('log')}${sum(i('k'), exp(sub(i('e'), row(i('i'), i('k')))))}`],
    [[row(up('log'), a), 'in a pointer network the answer itself; here it is read with, as soft']]],
  ntm: ['Addressing of the NTM', 'Graves, Wayne, Danihelka 2014', [], []],
};
const wc = sup(i('w'), up('c')), wg = sup(i('w'), up('g')), wt = `<mover>${i('w')}${o('~')}</mover>`;
const w = sub(i('w'), i('t')), wBefore = sub(i('w'), row(i('t'), o('−'), n(1)));
const addressing = content => [
  `${wc}${o('=')}${content}`,
  `${wg}${o('=')}${i('g')}${wc}${o('+')}${o('(')}${n(1)}${o('−')}${i('g')}${o(')')}${wBefore}`,
  `${wt}${o('(')}${i('i')}${o(')')}${o('=')}${sum(i('j'), wg, o('('), i('j'), o(')'), i('s'), o('('), i('i'), o('−'), i('j'), o(')'))}`,
  `${w}${o('(')}${i('i')}${o(')')}${o('=')}${over(`${wt}${sup(row(o('('), i('i'), o(')')), i('γ'))}`, sum(i('j'), wt, sup(row(o('('), i('j'), o(')')), i('γ'))))}`,
];
const addressed = [[wc, 'where the content fits'], [i('g'), 'gate between that and the weights before'],
  [i('s'), 'shift by −1, 0 or 1, around the end'], [i('γ'), 'sharpens']];
kAlignFormulas.ntm[2] = addressing(fun('softmax', sub(i('e'), i('t')))), kAlignFormulas.ntm[3] = addressed;

function section([title, source, equations, symbols], before = []) {
  const all = [...before, ...symbols].map(([symbol, meaning]) => `<tr><td>${math(symbol)}</td><td>${meaning}</td></tr>`).join('');
  return `<section><h2>${title}</h2>${equations.map(x => math(x, true)).join('')}<table>${all}</table><p>${source}</p></section>`;
}

function readOf(model) {
  const values = model === 'rnnsearch' ? 'value: the embedding of letter j of the source' : 'value: the encoder’s state at letter j';
  return ['What is read', 'The decoder goes on with c and gives the next letter.',
    [`${sub(i('c'), i('i'))}${o('=')}${sum(i('j'), a, sub(i('v'), i('j')))}`], [[sub(i('v'), i('j')), values]]];
}

function formulasOf({model, score, align}) {
  if (model === 'encoder-decoder')
    return section(['No attention', 'Sutskever, Vinyals, Le 2014; Cho et al. 2014',
      [`${sub(i('s'), n(0))}${o('=')}${sub(i('h'), i('T'))}`, `${sub(i('s'), i('i'))}${o('=')}${i('f')}${o('(')}${sub(i('s'), row(i('i'), o('−'), n(1)))}${o(',')}${sub(i('y'), row(i('i'), o('−'), n(1)))}${o(')')}`],
      [[sub(i('h'), i('T')), 'the encoder’s last state: all that the decoder gets of the source'], [sub(i('s'), i('i')), 'the decoder’s state'], [sub(i('y'), i('i')), 'letter of the answer']]]);
  if (model === 'transformer')
    return section(['Multi-head attention', 'Vaswani et al. 2017',
      [`${sub(i('A'), i('h'))}${o('=')}${tall('softmax', over(`${i('Q')}${both(i('W'), i('h'), i('Q'))}${sup(row(o('('), i('K'), both(i('W'), i('h'), i('K')), o(')')), T)}`, `<msqrt>${i('d')}</msqrt>`))}`,
       `${sub(i('c'), i('h'))}${o('=')}${sub(i('A'), i('h'))}${i('V')}${both(i('W'), i('h'), i('V'))}`],
      [[sub(i('A'), i('h')), 'weights of head h: the pictures'], [i('Q'), 'queries: one a letter of the answer'], [`${i('K')}${o(',')}${i('V')}`, 'keys and values: one a letter that is looked at'],
       [both(i('W'), i('h'), i('Q')), 'and so on: matrices that are learned'], [i('d'), 'how many numbers a query has in a head']]]) +
      section(['Three attentions', 'Cross: from the answer to the source. Encoder: from the source to itself. Decoder: from the answer to what was given before, never to what follows, hence the triangle.', [], []]);
  if (model === 'ntm') {
    const M = sub(i('M'), i('t')), before = sub(i('M'), row(i('t'), o('−'), n(1))), at = o('('), end = o(')'), kept = `<mover>${i('M')}${o('~')}</mover>`;
    return section(['Where a head stands', 'Graves, Wayne, Danihelka 2014, (5) to (9)', addressing(fun('softmax', i('β'), up('cos'), at, i('k'), o(','), M, end)),
      [[w, 'weights of a head over the memory’s slots'], [i('k'), 'what it looks for, with strength β'], ...addressed]]) +
      section(['What it writes and reads', 'All of k, β, g, s, γ, e, a come from the controller, an LSTM.',
      [`${kept}${at}${i('i')}${end}${o('=')}${before}${at}${i('i')}${end}<mspace width=".2em"/>${at}${n(1)}${o('−')}${w}${at}${i('i')}${end}${i('e')}${end}`,
       `${M}${at}${i('i')}${end}${o('=')}${kept}${at}${i('i')}${end}${o('+')}${w}${at}${i('i')}${end}${i('a')}`,
       `${sub(i('r'), i('t'))}${o('=')}${sum(i('i'), w, at, i('i'), end, M, at, i('i'), end)}`],
      [[M, 'memory after step t'], [i('e'), 'what a write erases'], [i('a'), 'what it adds'], [sub(i('r'), i('t')), 'what is read']]]);
  }
  return section(kScoreFormulas[score], queryAndKey) + section(kAlignFormulas[align], share) + section(readOf(model));
}
