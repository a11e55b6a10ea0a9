#pragma once
// The only home of the macros that let one function compile for the CPU and, under nvcc, for the GPU.

#if defined(__CUDACC__)
#define NBHYBRID_HOST_DEVICE __host__ __device__
#elif defined(NBHYBRID_INLINE_ALL)
// In the vector kernel a call inside a loop over lanes would keep the loop from becoming vector instructions.
#define NBHYBRID_HOST_DEVICE __attribute__((always_inline))
#else
#define NBHYBRID_HOST_DEVICE
#endif

// Before a loop of a device's code whose arrays must stay in registers.
#if defined(__CUDACC__)
#define NBHYBRID_UNROLL _Pragma("unroll")
#else
#define NBHYBRID_UNROLL
#endif
