# awk -f nearest.awk WORD NAME...: "; did you mean NAME?" of the nearest name, by letters that are added, left out, changed
# or swapped; nothing if none is near.
function least(a, b) { return a < b ? a : b }
function distance(a, b, d, i, j) {
  for (i = 0; i <= length(a); ++i)
    for (j = 0; j <= length(b); ++j) {
      if (!i || !j) { d[i, j] = i + j; continue }
      d[i, j] = least(least(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (substr(a, i, 1) != substr(b, j, 1)))
      if (i > 1 && j > 1 && substr(a, i - 1, 2) == substr(b, j, 1) substr(b, j - 1, 1))
        d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
    }
  return d[length(a), length(b)]
}
BEGIN {
  best = 1 + (length(ARGV[1]) > 5)
  for (k = 2; k < ARGC; ++k)
    if ((found = distance(ARGV[1], ARGV[k])) <= best) { best = found; name = ARGV[k] }
  if (name != "") printf "; did you mean %s?", name
}
