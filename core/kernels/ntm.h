// The memory of a Neural Turing Machine: addressing, writing and reading, forward and backward, for a batch of heads.
// The memory is stored with its slots last, [B, M, N], so that every loop runs over contiguous slots. f32 and f64.
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct NtmSizes {
  int64_t batch, heads, slots, width, shifts;                // B, H, N, M, K = 2S+1
  int64_t parameters() const { return width + shifts + 3; }  // of one head: key, strength, gate, shifts, sharpening
};

// Rows of N numbers that addressing keeps for its backward: per sample the norms of the slots, per head three more.
inline int64_t ntm_work_rows(const NtmSizes& n) { return 1 + 3 * n.heads; }

// parameters [B, H, P], memory [B, M, N], previous [B, H, N] -> weights [B, H, N], work [B, rows, N].
template <class T>
void ntm_address(const NtmSizes& n, const T* parameters, const T* memory, const T* previous, T* weights, T* work);

// From the gradient of weights to those of parameters, memory (may be null) and previous (may be null).
// scratch: [B, 4, N].
template <class T>
void ntm_address_backward(const NtmSizes& n, const T* gradient, const T* parameters, const T* memory, const T* previous,
                          const T* weights, const T* work, T* scratch, T* d_parameters, T* d_memory, T* d_previous);

// memory [B, M, N], weights [B, H, N], erase and add [B, H, M] -> written [B, M, N].
template <class T>
void ntm_write(const NtmSizes& n, const T* memory, const T* weights, const T* erase, const T* add, T* written);
template <class T>
void ntm_write_backward(const NtmSizes& n, const T* gradient, const T* memory, const T* weights, const T* erase,
                        const T* add, T* d_memory, T* d_weights, T* d_erase, T* d_add);

// memory [B, M, N], weights [B, H, N] -> read [B, H, M].
template <class T>
void ntm_read(const NtmSizes& n, const T* memory, const T* weights, T* read);
template <class T>
void ntm_read_backward(const NtmSizes& n, const T* gradient, const T* memory, const T* weights, T* d_memory,
                       T* d_weights);

}  // namespace fovea::kernels
