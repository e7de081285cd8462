# small_mnist.sh, for tests to read in: `make PART COUNT` writes a part of MNIST below $folder/data, images drawn by awk.

# Digits are bars, as low as their number says. Numbers come as \0ooo, which printf makes bytes.
images() {  # COUNT
  awk -v n="$1" 'BEGIN {
    printf "\\0000\\0000\\0010\\0003\\0000\\0000\\0000\\0%03o\\0000\\0000\\0000\\0034\\0000\\0000\\0000\\0034", n
    for (d = 0; d < n; ++d) for (i = 0; i < 28; ++i) for (j = 0; j < 28; ++j)
      printf (i == 4 + 2 * (d % 10) && j > 6 && j < 20) ? "\\0377" : "\\0000"
  }'
}
labels() {  # COUNT
  awk -v n="$1" 'BEGIN {
    printf "\\0000\\0000\\0010\\0001\\0000\\0000\\0000\\0%03o", n
    for (d = 0; d < n; ++d) printf "\\0%03o", d % 10
  }'
}
data=$folder/data/mnist
mkdir -p "$data"
make() {  # PART COUNT
  printf '%b' "$(images "$2")" | gzip >"$data/$1-images-idx3-ubyte.gz"
  printf '%b' "$(labels "$2")" | gzip >"$data/$1-labels-idx1-ubyte.gz"
}
