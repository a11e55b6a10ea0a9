# The CUDA code: objects of the kernels, the host's side of a device, and the extension nbhybrid._cuda.

if(NOT CMAKE_CUDA_COMPILER)
  set(CMAKE_CUDA_COMPILER ${nbhybrid_nvcc})
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  # Machine code for one kind, and for all others what the driver compiles when it first sees it. A release names more.
  set(CMAKE_CUDA_ARCHITECTURES 75-virtual 90-real)
endif()
enable_language(CUDA)
find_package(CUDAToolkit 12 REQUIRED)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)

# Bits: a product and a sum are joined only where the exact engine's code says so. A function that has lost its device mark is only a
# warning to nvcc when the caller runs on both sides: make it an error.
set(nbhybrid_cuda_flags -Werror=cross-execution-space-call -Xcompiler=-ffp-contract=off)
set(exact_sources cuda/noise.cu cuda/physics_check.cu cuda/render_exact.cu cuda/trace_exact.cu)
set(float_sources cuda/render_float.cu cuda/trace_float.cu)
set(fast_sources cuda/render_fast.cu cuda/trace_fast.cu)
foreach(kind exact fast float)
  add_library(nbhybrid_cuda_${kind} OBJECT ${${kind}_sources})
  target_include_directories(nbhybrid_cuda_${kind} PRIVATE csrc cuda)
  target_compile_definitions(nbhybrid_cuda_${kind} PRIVATE NBHYBRID_ISA=cuda_${kind})
  target_compile_options(nbhybrid_cuda_${kind} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:${nbhybrid_cuda_flags}>)
endforeach()
target_compile_options(nbhybrid_cuda_exact PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false>)
target_compile_options(nbhybrid_cuda_float PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false>)

add_library(nbhybrid_cuda STATIC cuda/callers_memory.cpp cuda/cuda_device.cpp cuda/memory.cpp cuda/plans.cpp
            cuda/report.cpp cuda/upload.cpp
            $<TARGET_OBJECTS:nbhybrid_cuda_exact> $<TARGET_OBJECTS:nbhybrid_cuda_fast> $<TARGET_OBJECTS:nbhybrid_cuda_float>)
target_include_directories(nbhybrid_cuda PUBLIC cuda)
# Linked statically: nothing of CUDA need be installed, and without a driver its calls fail with a message.
target_link_libraries(nbhybrid_cuda PUBLIC nbhybrid_core CUDA::cudart_static ${CMAKE_DL_LIBS})
set_target_properties(nbhybrid_cuda PROPERTIES CXX_VISIBILITY_PRESET hidden)

if(NBHYBRID_PYTHON)
  pybind11_add_module(_cuda cuda/bindings.cpp)
  target_link_libraries(_cuda PRIVATE nbhybrid_cuda)
  target_compile_definitions(_cuda PRIVATE NBHYBRID_INTERFACE="${nbhybrid_interface}")
  if(NBHYBRID_CUDA_PLUGIN)
    install(TARGETS _cuda LIBRARY DESTINATION nbhybrid_cuda COMPONENT plugin)
  else()
    install(TARGETS _cuda LIBRARY DESTINATION nbhybrid)
  endif()
endif()
