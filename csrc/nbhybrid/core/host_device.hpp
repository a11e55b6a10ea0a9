#pragma once
// The only home of the macro that lets one function compile for the CPU and, under nvcc, for the GPU.

#if defined(__CUDACC__)
#define NBHYBRID_HOST_DEVICE __host__ __device__
#else
#define NBHYBRID_HOST_DEVICE
#endif
