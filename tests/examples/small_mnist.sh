# small_mnist.sh, for tests to read in: `make PART COUNT` writes a part of MNIST below $folder/data, images drawn by awk.

# Digits are bars of $ink, white unless it is set before this is read in (three octal digits), as low as their number says. Numbers come as \0ooo, which printf makes bytes.
images() {  # COUNT
  awk -v n="$1" -v ink="${ink:-377}" 'BEGIN {
    printf "\\0000\\0000\\0010\\0003\\0000\\0000\\0%03o\\0%03o\\0000\\0000\\0000\\0034\\0000\\0000\\0000\\0034", n / 256, n % 256
    for (d = 0; d < n; ++d) for (i = 0; i < 28; ++i) for (j = 0; j < 28; ++j)
      printf "\\0%s", (i == 4 + 2 * (d % 10) && j > 6 && j < 20) ? ink : "000"
  }'
}
labels() {  # COUNT
  awk -v n="$1" 'BEGIN {
    printf "\\0000\\0000\\0010\\0001\\0000\\0000\\0%03o\\0%03o", n / 256, n % 256
    for (d = 0; d < n; ++d) printf "\\0%03o", d % 10
  }'
}
data=$folder/data/mnist
mkdir -p "$data"
make() {  # PART COUNT
  printf '%b' "$(images "$2")" | gzip >"$data/$1-images-idx3-ubyte.gz"
  printf '%b' "$(labels "$2")" | gzip >"$data/$1-labels-idx1-ubyte.gz"
}
